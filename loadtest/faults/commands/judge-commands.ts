import { isSettled } from '@fleetstream/contracts';
import { compareCommands } from '../../fleet/commands/compare-commands.ts';
import { type CommandJournal } from '../../fleet/commands/command-journal.ts';
import { canTell } from '../../fleet/commands/robot-character.ts';
import { type PlayedRound } from '../scenario.ts';
import { type TakenCommand } from './command-operator.ts';
import { type CommandRobot } from './command-robots.ts';
import { type ToldCommands, type ToldLife } from './told-commands.ts';

/** What is wrong when it isn't 0. */
export const wrongFigures = [
  ...['lost', 'open', 'endedTwice', 'reopened', 'mismatches', 'overtaken', 'cancelsAskew', 'pushesForged'],
] as const;

type Told = Pick<ToldCommands, 'get' | 'of'>;

export interface PlayedCommands {
  readonly robots: readonly CommandRobot[];
  readonly journal: CommandJournal;
  readonly told: Told;
  readonly taken: readonly TakenCommand[];
}

const examplesMax = 10;

/** Whether the log has said the last word on it that it can. */
export function hasEnded(life: ToldLife | undefined, { robot, kind }: Pick<TakenCommand, 'robot' | 'kind'>): boolean {
  if (life === undefined) return false;
  const { status, verification } = life.last;
  if (verification === 'PENDING') return false;
  if (isSettled(status)) return true;
  // Whoever can't tell leaves UNKNOWN what it was given; of a cancel, which may be given again, not before it expires.
  return !canTell(robot.character) && (status === 'UNKNOWN' || kind === 'cancel');
}

/** Holds what the log says against what the robots did. */
export function judgeCommands({ robots, journal, told, taken }: PlayedCommands): PlayedRound {
  const lives = told.of(new Set(robots.map(({ robotId }) => robotId)));
  const asked = taken
    .filter(({ kind }) => kind !== 'cancel')
    .map((one) => {
      const life = told.get(one.commandId);
      const known = { robotId: one.robot.robotId, commandId: one.commandId, idempotent: one.idempotent };
      // What has not ended yet is counted as that, and nothing more.
      if (life !== undefined && !hasEnded(life, one)) return { ...known, status: 'open' };
      const { status, reason, verification } = life?.last ?? {};
      return { ...known, status, reason, verification };
    });
  const cancels = new Set(taken.filter(({ kind }) => kind === 'cancel').map(({ commandId }) => commandId));
  const deeds = [...journal.deeds()];
  const mismatches = compareCommands(asked, (robotId, id) => journal.find(robotId, id), deeds);
  const lost = taken.filter(({ commandId }) => told.get(commandId) === undefined);
  const open = taken.filter((one) => told.get(one.commandId) !== undefined && !hasEnded(told.get(one.commandId), one));
  const endedTwice = lives.filter(({ ends }) => ends > 1);
  const reopened = lives.filter((life) => life.reopened > 0);
  const overtaken = findOvertaken(lives, journal);
  const askew = lives.filter(({ last }) => cancels.has(last.commandId)).flatMap((life) => findAskew(life, told));
  const name = (one: TakenCommand) => `${one.commandId} ${told.get(one.commandId)?.last.status ?? 'is not known'}`;
  const nameLife = ({ last, ends }: ToldLife) => `${last.commandId} ${last.status}, ended ${ends} times`;
  const wrong = [...mismatches, ...overtaken, ...askew, ...[...lost, ...open].map(name)];
  return {
    figures: {
      ...{ commands: taken.length, lost: lost.length, open: open.length, endedTwice: endedTwice.length },
      ...{ reopened: reopened.length, mismatches: mismatches.length, overtaken: overtaken.length },
      ...{ cancelsAskew: askew.length, ...countEnds(lives) },
      handedOverAgain: deeds.filter(({ received }) => received > 1).length,
      carriedOut: deeds.filter(({ executed }) => executed > 0).length,
    },
    examples: [...wrong, ...[...endedTwice, ...reopened].map(nameLife)].slice(0, examplesMax),
  };
}

/** Begun by a robot after a stop that was requested later, whatever the epochs say. */
function findOvertaken(lives: readonly ToldLife[], journal: CommandJournal): string[] {
  const stops = lives.filter(({ last }) => last.stop === true);
  return stops.flatMap(({ last: stop, begin }) => {
    const { executedAs: stoppedAs = Infinity } = journal.find(stop.robotId, stop.commandId) ?? {};
    return lives
      .filter(({ last, ...life }) => last.robotId === stop.robotId && life.begin < begin)
      .filter(({ last }) => (journal.find(last.robotId, last.commandId)?.begunAs ?? 0) > stoppedAs)
      .map(({ last }) => `${last.commandId} was begun after ${stop.commandId} had stopped the robot`);
  });
}

/** A cancel that ended has succeeded when, and only when, the other command is CANCELLED. */
function findAskew({ last }: ToldLife, told: Told): string[] {
  const target = last.cancels === undefined ? undefined : told.get(last.cancels)?.last.status;
  if (!isSettled(last.status) || (last.status === 'SUCCEEDED') === (target === 'CANCELLED')) return [];
  return [`${last.commandId} ${last.status}, but what it cancels is ${target ?? 'not known'}`];
}

/** `SUCCEEDED`, `SUCCEEDED VERIFIED` and so on: how many ended so. */
function countEnds(lives: readonly ToldLife[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const ends = lives.map(({ last: { status, verification } }) => [status, verification].filter(Boolean).join(' '));
  for (const end of ends.toSorted()) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}
