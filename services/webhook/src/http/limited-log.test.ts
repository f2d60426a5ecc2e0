import { silentLog } from '@fleetstream/kernel';
import { expect, it } from 'vitest';
import { createLimitedLog } from './limited-log.ts';

it('writes so many lines a second and counts the rest into the next', () => {
  const lines: object[] = [];
  let nowMs = 5000;
  const log = { ...silentLog, warn: (fields: object) => lines.push(fields) };
  const write = createLimitedLog(log, { nowMs: () => 0, monotonicMs: () => nowMs }, 2);
  for (let n = 0; n < 5; n++) write({ n }, 'turned away');
  nowMs += 1000;
  write({ n: 5 }, 'turned away');
  write({ n: 6 }, 'turned away');
  expect(lines).toEqual([{ n: 0 }, { n: 1 }, { n: 5, suppressed: 3 }, { n: 6 }]);
});
