import { type CommandData, type CommandStatus } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { CommandJournal } from '../../fleet/commands/command-journal.ts';
import { type TakenCommand } from './command-operator.ts';
import { type CommandRobot } from './command-robots.ts';
import { hasEnded, judgeCommands } from './judge-commands.ts';
import { type ToldLife } from './told-commands.ts';

const robot: CommandRobot = { robotId: 'r', character: 'honest', channel: 'push' };
const deaf: CommandRobot = { robotId: 'r', character: 'deaf', channel: 'pull' };

function life(commandId: string, status: CommandStatus, begin: number, more: Partial<CommandData> = {}): ToldLife {
  const base = { robotId: 'r', action: 'move', requestedAtMs: 0, expiresAtMs: 1, atMs: 0, eventId: 'e', epoch: 0 };
  const last = { ...base, commandId, status, ...more } as CommandData;
  return { last, begin, ends: 1, reopened: 0 };
}

function taken(commandId: string, kind: TakenCommand['kind'] = 'move'): TakenCommand {
  return { robot, commandId, kind, idempotent: kind !== 'move' };
}

/** The figures that are not 0, of what was taken, told and done. */
function judge(all: readonly TakenCommand[], lives: readonly ToldLife[], journal = new CommandJournal()) {
  const told = {
    get: (commandId: string) => lives.find(({ last }) => last.commandId === commandId),
    of: () => [...lives],
  };
  const { figures } = judgeCommands({ robots: [robot], journal, told, taken: all });
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== 0));
}

function didInOrder(...commandIds: readonly string[]): CommandJournal {
  const journal = new CommandJournal();
  for (const commandId of commandIds) {
    const deed = journal.begin('r', commandId, 'move', 'honest');
    const moment = journal.moment();
    Object.assign(deed, {
      received: 1,
      begun: 1,
      executed: 1,
      outcome: 'SUCCEEDED',
      begunAs: moment,
      executedAs: moment,
    });
  }
  return journal;
}

describe('what is wrong when', () => {
  it('nothing is: no figure but counts', () => {
    const lives = [life('a', 'SUCCEEDED', 0), life('s', 'SUCCEEDED', 1, { stop: true })];
    const figures = judge([taken('a'), taken('s', 'stop')], lives, didInOrder('a', 's'));
    expect(figures).toEqual({ commands: 2, SUCCEEDED: 2, carriedOut: 2 });
  });

  it('a command that was taken is not in the log: it is lost', () => {
    expect(judge([taken('a')], [])).toMatchObject({ lost: 1 });
  });

  it('a command has not ended, or its post-condition is still waited for: it is open', () => {
    const lives = [life('a', 'UNKNOWN', 0), life('b', 'SUCCEEDED', 1, { verification: 'PENDING' })];
    const figures = judge([taken('a'), taken('b')], lives, didInOrder('a', 'b'));
    expect(figures).toMatchObject({ open: 2 });
    expect(figures).not.toHaveProperty('mismatches');
  });

  it('it ended twice, or went on after its end', () => {
    const lives = [{ ...life('a', 'CANCELLED', 0), ends: 2, reopened: 1 }];
    expect(judge([taken('a')], lives)).toMatchObject({ endedTwice: 1, reopened: 1 });
  });

  it('a robot begins after a stop what was asked for before it, whatever the epochs say', () => {
    const lives = [life('a', 'SUCCEEDED', 0), life('s', 'SUCCEEDED', 1, { stop: true }), life('b', 'SUCCEEDED', 2)];
    const all = [taken('a'), taken('s', 'stop'), taken('b')];
    expect(judge(all, lives, didInOrder('s', 'a', 'b'))).toMatchObject({ overtaken: 1 });
    expect(judge(all, lives, didInOrder('a', 's', 'b'))).not.toHaveProperty('overtaken');
  });

  it.each<{ cancel: CommandStatus; target: CommandStatus; right: boolean }>([
    { cancel: 'SUCCEEDED', target: 'CANCELLED', right: true },
    { cancel: 'SUCCEEDED', target: 'EXPIRED', right: false },
    { cancel: 'FAILED', target: 'CANCELLED', right: false },
    { cancel: 'FAILED', target: 'EXPIRED', right: true },
    { cancel: 'SENT', target: 'CANCELLED', right: true },
  ])('a cancel is $cancel and its command $target: right $right', ({ cancel, target, right }) => {
    const lives = [life('a', target, 0), life('x', cancel, 1, { cancels: 'a' })];
    expect('cancelsAskew' in judge([taken('a'), taken('x', 'cancel')], lives)).toBe(!right);
  });
});

describe('the last word on', () => {
  it.each<{ of: CommandRobot; kind: TakenCommand['kind']; status: CommandStatus; ended: boolean }>([
    { of: robot, kind: 'move', status: 'UNKNOWN', ended: false },
    { of: deaf, kind: 'move', status: 'UNKNOWN', ended: true },
    { of: deaf, kind: 'move', status: 'SENT', ended: false },
    { of: deaf, kind: 'cancel', status: 'SENT', ended: true },
    { of: robot, kind: 'cancel', status: 'SENT', ended: false },
    { of: robot, kind: 'move', status: 'EXPIRED', ended: true },
  ])('a $kind of a robot that is $of.character, $status: $ended', ({ of, kind, status, ended }) => {
    expect(hasEnded(life('a', status, 0), { robot: of, kind })).toBe(ended);
  });
});
