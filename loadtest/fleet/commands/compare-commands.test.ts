import { commandStatuses, isSettled, type Verification } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { type CommandDeed, type DeedOutcome } from './command-journal.ts';
import { compareCommands } from './compare-commands.ts';
import { type RobotCharacter, robotCharacters } from './robot-character.ts';

interface Did {
  readonly received?: number;
  readonly begun?: number;
  readonly executed?: number;
  readonly outcome?: DeedOutcome;
}

function isRight(
  character: RobotCharacter,
  status: string,
  did: Did | undefined,
  verification?: Verification,
  idempotent = false,
): boolean {
  const counts = { received: 1, begun: 0, executed: 0, begunAfterStop: 0 };
  const deed: CommandDeed | undefined = did && {
    robotId: 'r',
    commandId: 'c',
    action: 'move',
    character,
    ...counts,
    ...did,
  };
  const asked = [{ robotId: 'r', commandId: 'c', status, verification, idempotent }];
  return compareCommands(asked, () => deed, deed === undefined ? [] : [deed]).length === 0;
}

const done: Did = { begun: 1, executed: 1, outcome: 'SUCCEEDED' };
const said: Did = { outcome: 'SUCCEEDED' };

describe('what may be said of a command that was given to a robot which is', () => {
  it.each<{ character: RobotCharacter; status: string; did: Did | undefined; shown?: Verification; right: boolean }>([
    { character: 'lying', status: 'SUCCEEDED', did: said, shown: 'DIVERGED', right: true },
    { character: 'lying', status: 'SUCCEEDED', did: said, shown: 'VERIFIED', right: false },
    { character: 'lying', status: 'SUCCEEDED', did: said, shown: 'PENDING', right: false },
    { character: 'lying', status: 'SUCCEEDED', did: said, right: true },
    { character: 'lying', status: 'FAILED', did: said, right: false },
    { character: 'honest', status: 'SUCCEEDED', did: said, right: false },
    { character: 'honest', status: 'SUCCEEDED', did: done, shown: 'VERIFIED', right: true },
    { character: 'honest', status: 'SUCCEEDED', did: done, shown: 'DIVERGED', right: false },
    { character: 'slow', status: 'UNKNOWN', did: done, right: false },
    { character: 'deaf', status: 'UNKNOWN', did: done, right: true },
    { character: 'deaf', status: 'SUCCEEDED', did: done, right: false },
    { character: 'deaf', status: 'EXPIRED', did: {}, right: false },
    { character: 'deaf', status: 'EXPIRED', did: undefined, right: true },
    { character: 'duplicating', status: 'UNKNOWN', did: done, right: true },
    { character: 'rebooting', status: 'FAILED', did: { begun: 1, outcome: 'FAILED' }, right: true },
    { character: 'rebooting', status: 'SUCCEEDED', did: { begun: 1 }, right: false },
  ])('$character, $status and $shown, when it did $did: right $right', ({ character, status, did, shown, right }) => {
    expect(isRight(character, status, did, shown)).toBe(right);
  });

  it.each(robotCharacters)('%s: twice is never right, unless it does no harm', (character) => {
    const status = character === 'deaf' ? 'UNKNOWN' : 'SUCCEEDED';
    const twice = { ...done, begun: 2, executed: 2 };
    expect([isRight(character, status, twice), isRight(character, status, twice, undefined, true)]).toEqual([
      false,
      true,
    ]);
  });

  it('deaf has no end that anybody could have told, whatever it did', () => {
    for (const status of commandStatuses.filter(isSettled)) {
      for (const outcome of ['SUCCEEDED', 'FAILED', 'REJECTED', 'CANCELLED', 'SUPERSEDED'] as const) {
        expect(isRight('deaf', status, { begun: 1, executed: 1, outcome })).toBe(false);
      }
    }
  });
});
