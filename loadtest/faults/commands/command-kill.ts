import { setTimeout as sleep } from 'node:timers/promises';
import { isSettled } from '@fleetstream/contracts';
import { atLeast, exactly } from '../../check.ts';
import { compareCommands } from '../../fleet/commands/compare-commands.ts';
import { canTell } from '../../fleet/commands/robot-character.ts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { type FaultContext, type PlayedRound, type Scenario, sumOf } from '../scenario.ts';
import { sendCommands, type TakenCommand } from './command-operator.ts';
import { type CommandRobot, type CommandRobots, startCommandRobots } from './command-robots.ts';
import { type CommandStack, partSlots, startCommandStack } from './command-stack.ts';
import { pickFrom } from './pick-from.ts';
import { ToldCommands } from './told-commands.ts';

/** Where an instance of the command service dies by itself, and at the how manieth time there at most. */
const points = ['claiming', 'claimed', 'granted', 'handing-over', 'handed-over', 'told'] as const;
const nthMax = 6;
const commandsPerRound = 48;
const everyMs = 90;
const settleWithinMs = 90_000;
const lookEveryMs = 250;
const examplesMax = 10;

/** What is wrong when it isn't 0. */
const wrongFigures = ['lost', 'open', 'endedTwice', 'mismatches', 'liarsBelieved'] as const;

export const commandKill: Scenario = {
  name: 'command-kill',
  summary: 'command services, processors and webhook pods killed while robots of every kind carry out commands',
  defaults: { rounds: 100 },
  run: async (options, context, playRounds) => {
    const stack = await startCommandStack(context);
    const told = new ToldCommands(stack.kafka);
    const kept = { wrong: options.keep };
    try {
      await playRounds(async (seed) => {
        try {
          const played = await playRound(stack, told, { seed, context });
          kept.wrong ||= wrongFigures.some((name) => played.figures[name] !== 0);
          return played;
        } catch (thrown) {
          kept.wrong = true;
          throw thrown;
        }
      });
    } finally {
      await stack.end(kept.wrong);
    }
  },
  check: (rounds) => [
    ...wrongFigures.map((name) => exactly(name, sumOf(rounds, name), 0)),
    atLeast('kills', sumOf(rounds, 'kills'), rounds.length * 3),
    atLeast('commands', sumOf(rounds, 'commands'), rounds.length * 20),
  ],
};

async function playRound(
  stack: CommandStack,
  told: ToldCommands,
  { seed, context }: { readonly seed: number; readonly context: FaultContext },
): Promise<PlayedRound> {
  await stack.ready();
  const run = `${seed}-${Date.now().toString(36)}`;
  const robots = startCommandRobots(stack, seed, run);
  try {
    const options = { count: commandsPerRound, everyMs, random: createRandom(seed, 'operator') };
    const [taken, kills] = await Promise.all([
      sendCommands(stack, robots.robots, options),
      killParts(stack, createRandom(seed, 'kills')),
    ]);
    const settleMs = await settle(told, robots, taken, context);
    return judge(told, robots, taken, { kills, settleMs: Math.round(settleMs) });
  } finally {
    await robots.stop();
  }
}

/** One of each part at a random moment; the command service dies at a point where it gets there. */
async function killParts(stack: CommandStack, random: () => number): Promise<number> {
  const point = `${pickFrom(points, random)}:${1 + Math.floor(random() * nthMax)}`;
  const slot = pickFrom(partSlots, random);
  await stack.restart('commands', slot, { FLEETSTREAM_FAULT_POINT: point });
  await sleep(random() * 1500);
  await stack.restart('processor', pickFrom(partSlots, random));
  await sleep(random() * 1500);
  await stack.restart('webhook', pickFrom(partSlots, random));
  await sleep(random() * 1500);
  // The armed one, dead or not; and the other one in one round of three.
  await stack.restart('commands', slot);
  if (random() > 1 / 3) return 4;
  await sleep(random() * 1500);
  await stack.restart('commands', 1 - slot);
  return 5;
}

/** Waits until nothing moves any more that can. @returns how long it took, in milliseconds */
async function settle(
  told: ToldCommands,
  { robots }: CommandRobots,
  taken: readonly TakenCommand[],
  { stop }: FaultContext,
): Promise<number> {
  const startedMs = performance.now();
  while (!stop.aborted && performance.now() - startedMs < settleWithinMs) {
    // A broker that is too slow to answer once is asked again: only what the log says in the end counts.
    const isRead = await told.read().then(
      () => true,
      () => false,
    );
    const isOver = isRead && taken.every((command) => hasEnded(told, command));
    if (isOver && openCancels(told, robots).length === 0) break;
    await sleep(lookEveryMs);
  }
  return performance.now() - startedMs;
}

/** Of robots that can't tell, a cancel is open for as long as it lives. */
function openCancels(told: ToldCommands, robots: readonly CommandRobot[]): string[] {
  const ids = new Set(robots.filter(({ character }) => canTell(character)).map(({ robotId }) => robotId));
  return [...told.all()].flatMap(({ last }) =>
    last.cancels !== undefined && ids.has(last.robotId) && !isSettled(last.status)
      ? [`${last.commandId} ${last.status}`]
      : [],
  );
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function hasEnded(told: ToldCommands, { commandId, robot }: TakenCommand): boolean {
  const life = told.get(commandId);
  if (life === undefined) return false;
  const { status, verification } = life.last;
  if (verification === 'PENDING') return false;
  return isSettled(status) || (status === 'UNKNOWN' && !canTell(robot.character));
}

function judge(
  told: ToldCommands,
  { journal, robots }: CommandRobots,
  taken: readonly TakenCommand[],
  figures: Readonly<Record<string, number>>,
): PlayedRound {
  const ids = new Set(robots.map(({ robotId }) => robotId));
  const asked = taken.map(({ robot, commandId, idempotent }) => {
    const last = told.get(commandId)?.last;
    return { robotId: robot.robotId, commandId, idempotent, status: last?.status, reason: last?.reason };
  });
  const mismatches = compareCommands(asked, (robotId, id) => journal.find(robotId, id), journal.deeds());
  const lost = taken.filter(({ commandId }) => told.get(commandId) === undefined);
  const open = taken.filter((command) => !hasEnded(told, command) && told.get(command.commandId) !== undefined);
  const cancels = openCancels(told, robots);
  const lives = [...told.all()].filter(({ last }) => ids.has(last.robotId));
  const endedTwice = lives.filter(({ ends }) => ends > 1);
  const believed = taken.filter(({ robot, commandId }) => {
    const last = told.get(commandId)?.last;
    return robot.character === 'lying' && last?.action === 'move' && last.verification === 'VERIFIED';
  });
  const deeds = [...journal.deeds()];
  const name = ({ commandId }: TakenCommand) => `${commandId} ${told.get(commandId)?.last.status ?? 'is not known'}`;
  return {
    figures: {
      ...{
        commands: taken.length,
        lost: lost.length,
        open: open.length + cancels.length,
        endedTwice: endedTwice.length,
      },
      ...{ mismatches: mismatches.length, liarsBelieved: believed.length, ...figures },
      ...countBy(lives.map(({ last }) => last.status)),
      handedOverAgain: deeds.filter(({ received }) => received > 1).length,
      carriedOut: deeds.filter(({ executed }) => executed > 0).length,
    },
    examples: [...mismatches, ...lost.map(name), ...open.map(name), ...cancels].slice(0, examplesMax),
  };
}
