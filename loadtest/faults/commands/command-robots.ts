import { setTimeout as wait } from 'node:timers/promises';
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
import { createRandom } from '../../fleet/seeded-random.ts';
import { type CommandStack } from './command-stack.ts';

export interface CommandRobot {
  readonly robotId: string;
  readonly character: RobotCharacter;
}

/** Robots of every character that poll, carry out and answer, and write down what they really did. */
export interface CommandRobots {
  readonly robots: readonly CommandRobot[];
  readonly journal: CommandJournal;
  /** Lets them answer what they have to, and ends them. */
  stop(): Promise<void>;
}

const ofEachKind = 2;
const timeoutMs = 8_000;
const sleep = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined);

/** @param run goes into their ids, so that each round has robots of its own */
export function startCommandRobots(stack: CommandStack, seed: number, run: string): CommandRobots {
  const journal = new CommandJournal();
  const over = new AbortController();
  const events = spread(stack.urlsOf('webhook'), (url) =>
    createUndiciGateway({ url, ca: undefined, connections: 16, timeoutMs }),
  );
  const polls = spread(stack.urlsOf('commands'), (url) =>
    createUndiciCommandGateway({
      ...{ url, ca: undefined, token: stack.operatorToken, clock: systemClock, run: `${run}-${url.slice(-5)}` },
      ...{ keys: createRobotKeys(stack.masterKey, [1]), pollsMax: 32 },
    }),
  );
  const eventGateway: Gateway = { post: (request) => events.next().post(request), close: () => Promise.resolve() };
  const commandGateway: CommandGateway = {
    poll: (robotId, _waitSeconds, signal) => polls.next().poll(robotId, 3, signal),
    request: (wanted) => polls.next().request(wanted),
    get: (commandId) => polls.next().get(commandId),
    close: () => Promise.resolve(),
  };
  const robots = robotCharacters.flatMap((character) =>
    Array.from({ length: ofEachKind }, (_, index) => ({ robotId: `${character}-${index}-${run}`, character })),
  );
  const members = robots.map((robot) => {
    const client = createClient(stack, eventGateway, robot.robotId, seed, run);
    const executor = new CommandExecutor({
      ...{ ...robot, journal, sleep, seed, run, signal: over.signal },
      offer: (event) => client.offer(event),
    });
    return { robotId: robot.robotId, client, executor, online: () => true };
  });
  const polling = pollRobots({
    ...{ robots: members, gateway: commandGateway, pollsMax: members.length, sleep, signal: over.signal },
    onFailure: () => undefined,
  });
  return {
    robots,
    journal,
    stop: async () => {
      over.abort();
      await Promise.all([polling, ...members.map(({ executor }) => executor.idle())]);
      await Promise.all(members.map(({ client }) => client.abandon()));
      await Promise.all([...events.all, ...polls.all].map((gateway) => gateway.close()));
    },
  };
}

/** One after the other in turn, as a load balancer would that doesn't know who is alive. */
function spread<Target>(urls: readonly string[], create: (url: string) => Target) {
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
