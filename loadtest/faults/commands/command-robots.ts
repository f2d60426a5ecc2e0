import { setTimeout as wait } from 'node:timers/promises';
import { type CommandData } from '@fleetstream/contracts';
import { systemClock } from '@fleetstream/kernel';
import { createRobotKeys, deriveRobotSecret } from '@fleetstream/signing';
import { CommandExecutor } from '../../fleet/commands/command-executor.ts';
import { createUndiciCommandGateway } from '../../fleet/commands/command-gateway-undici.ts';
import { type CommandGateway } from '../../fleet/commands/command-gateway.ts';
import { CommandJournal } from '../../fleet/commands/command-journal.ts';
import { pollRobots } from '../../fleet/commands/poll-robots.ts';
import { type RobotCharacter, robotCharacters } from '../../fleet/commands/robot-character.ts';
import { FleetTally } from '../../fleet/fleet-tally.ts';
import { createUndiciGateway } from '../../fleet/gateway-undici.ts';
import { type Gateway } from '../../fleet/gateway.ts';
import { Outbox } from '../../fleet/outbox.ts';
import { RobotClient } from '../../fleet/robot-client.ts';
import { createRobotEvent, toContentId } from '../../fleet/robot-event.ts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { type CommandStack } from './command-stack.ts';

export interface CommandRobot {
  readonly robotId: string;
  readonly character: RobotCharacter;
  readonly channel: 'pull' | 'push';
}

/** Robots of every character that get commands, carry them out and answer, and write down what they really did. */
export interface CommandRobots {
  readonly journal: CommandJournal;
  /** Says at last what nobody would ever have heard of these commands, so that nobody asks for it any more. */
  confess(open: readonly CommandData[]): Promise<void>;
  /** Ends them; what they have not said is not said. */
  stop(): Promise<void>;
}

/** For each kind, two of its robots ask for their commands and one is called. */
const channels = ['pull', 'pull', 'push'] as const;
/** Of the usual time that carrying out a command takes, so that a round is short. */
const pace = 0.35;
const timeoutMs = 8_000;
const pollSeconds = 3;
const confessWithinMs = 3_000;
const sleep = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined);

/** @param run goes into their ids, so that each round has robots of its own */
export function castRobots(run: string): readonly CommandRobot[] {
  return robotCharacters.flatMap((character) =>
    channels.map((channel, index) => ({ robotId: `${character}-${index}-${run}`, character, channel })),
  );
}

interface Member extends CommandRobot {
  readonly client: RobotClient;
  readonly executor: CommandExecutor;
  readonly online: () => boolean;
}

export function startCommandRobots(
  stack: CommandStack,
  robots: readonly CommandRobot[],
  { seed, run }: { readonly seed: number; readonly run: string },
): CommandRobots {
  const journal = new CommandJournal();
  const over = new AbortController();
  const gateways = connect(stack, run);
  const members = robots.map((robot): Member => {
    const client = createClient(stack, gateways.events, robot.robotId, seed, run);
    const executor = new CommandExecutor({
      ...{ ...robot, journal, sleep, seed, run, pace, signal: over.signal },
      offer: (event) => client.offer(event),
      onDone: (commandId) => {
        if (robot.character !== 'deaf') client.offer(toPlace(robot.robotId, run, commandId));
      },
    });
    return { ...robot, client, executor, online: () => true };
  });
  const pulled = members.filter(({ channel }) => channel === 'pull');
  const polling = pollRobots({
    ...{ robots: pulled, gateway: gateways.commands, pollsMax: pulled.length, sleep, signal: over.signal },
    onFailure: () => undefined,
  });
  const pushed = members.filter(({ channel }) => channel === 'push');
  stack.callbacks.play(
    pushed.map(({ robotId, character, executor }) => ({
      ...{ robotId, character },
      receive: (commands) => {
        if (!over.signal.aborted) executor.receive(commands);
      },
    })),
    seed,
  );
  return {
    journal,
    confess: async (open) => {
      stack.callbacks.play([], seed);
      over.abort();
      const signal = AbortSignal.timeout(confessWithinMs);
      const told = members.filter(({ robotId, client }) => {
        const own = open.filter((command) => command.robotId === robotId);
        for (const command of own) client.offer(toConfession(command, run));
        return own.length > 0;
      });
      await Promise.race([Promise.all(told.map(({ client }) => client.drain())), sleep(confessWithinMs, signal)]);
    },
    stop: async () => {
      stack.callbacks.play([], seed);
      over.abort();
      await Promise.all([polling, ...members.map(({ executor }) => executor.idle())]);
      await Promise.all(members.map(({ client }) => client.abandon()));
      await gateways.close();
    },
  };
}

/** Where the robot is when it has done a command: what the command's post-condition looks for. */
function toPlace(robotId: string, run: string, commandId: string) {
  const id = toContentId(robotId, run, commandId, 'place');
  return createRobotEvent({ robotId, id, type: 'robot.state.v1', dataText: JSON.stringify({ node: commandId }) });
}

function toConfession({ robotId, commandId, status }: CommandData, run: string) {
  const id = toContentId(robotId, run, commandId, 'confession');
  const data = { commandId, status: status === 'UNKNOWN' ? 'NOT_KNOWN' : 'FAILED' };
  return createRobotEvent({ robotId, id, type: 'robot.command-ack.v1', dataText: JSON.stringify(data) });
}

/** The pods of each kind one after the other in turn, as a load balancer would that doesn't know who is alive. */
function connect(stack: CommandStack, run: string) {
  const events = inTurn(stack.urlsOf('webhook'), (url) =>
    createUndiciGateway({ url, ca: undefined, connections: 16, timeoutMs }),
  );
  const polls = inTurn(stack.urlsOf('commands'), (url) =>
    createUndiciCommandGateway({
      ...{ url, ca: undefined, token: stack.operatorToken, clock: systemClock, run: `${run}-${url.slice(-5)}` },
      ...{ keys: createRobotKeys(stack.masterKey, [1]), pollsMax: 32 },
    }),
  );
  const eventGateway: Gateway = { post: (request) => events.next().post(request), close: () => Promise.resolve() };
  const commandGateway: CommandGateway = {
    poll: (robotId, _waitSeconds, signal) => polls.next().poll(robotId, pollSeconds, signal),
    request: (wanted) => polls.next().request(wanted),
    get: (commandId) => polls.next().get(commandId),
    close: () => Promise.resolve(),
  };
  return {
    events: eventGateway,
    commands: commandGateway,
    close: async () => {
      await Promise.all([...events.all, ...polls.all].map((gateway) => gateway.close()));
    },
  };
}

function inTurn<Target>(urls: readonly string[], create: (url: string) => Target) {
  const all = urls.map(create);
  let turn = 0;
  return {
    all,
    next: (): Target => {
      turn += 1;
      const next = all[turn % all.length];
      if (next === undefined) throw new RangeError('there is nobody to ask');
      return next;
    },
  };
}

function createClient(stack: CommandStack, gateway: Gateway, robotId: string, seed: number, run: string): RobotClient {
  return new RobotClient({
    ...{ robotId, gateway, sleep, run, outbox: new Outbox(), tally: new FleetTally(), clock: systemClock },
    secret: deriveRobotSecret(stack.masterKey, robotId, 1),
    journal: { write: () => undefined, close: () => Promise.resolve() },
    random: createRandom(seed, robotId),
    lingerMs: 5,
    duplicateShare: 0.05,
    lostShare: 0.05,
  });
}
