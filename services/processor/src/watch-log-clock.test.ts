import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { createLogClockWatch, type LogClockJump } from './watch-log-clock.ts';

const hereMs = 1_000_000;

function note(...stamped: readonly (readonly [offset: number, timestampMs: number])[]): LogClockJump[] {
  const jumps: LogClockJump[] = [];
  const clock = { nowMs: () => hereMs, monotonicMs: () => 0 };
  const watch = createLogClockWatch(clock, silentLog, { onLogClockJump: (direction) => void jumps.push(direction) });
  const plain = { partition: 0, key: null, value: null, contentType: undefined, headers: [] };
  for (const [offset, timestampMs] of stamped) watch.note([{ ...plain, offset, timestampMs }]);
  return jumps;
}

describe('createLogClockWatch', () => {
  it.each([
    {
      name: 'a clock that goes on is no news',
      stamped: [
        [0, 100],
        [1, 200],
        [2, 200],
      ],
      jumps: [],
    },
    {
      name: 'a new leader may be a little behind',
      stamped: [
        [0, 10_000],
        [1, 5000],
      ],
      jumps: [],
    },
    {
      name: 'a clock that runs back is told once',
      stamped: [
        [0, 10_000],
        [1, 4999],
        [2, 4000],
      ],
      jumps: ['back'],
    },
    {
      name: 'and again when it had come back between',
      stamped: [
        [0, 10_000],
        [1, 1],
        [2, 10_001],
        [3, 1],
      ],
      jumps: ['back', 'back'],
    },
    {
      name: 'a clock ahead of ours is told once',
      stamped: [
        [0, hereMs + 5001],
        [1, hereMs + 6000],
      ],
      jumps: ['ahead'],
    },
    {
      name: 'reading again from further back is no jump',
      stamped: [
        [7, 90_000],
        [3, 10_000],
        [7, 90_000],
      ],
      jumps: [],
    },
  ] as const)('$name', ({ stamped, jumps }) => {
    expect(note(...stamped)).toEqual(jumps);
  });
});
