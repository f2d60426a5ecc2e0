import { describe, expect, it } from 'vitest';
import { countTests } from './vitest-run.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'x.test.ts',
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

describe('countTests', () => {
  it.each([
    { name: 'nothing is nothing', files: [], counts: { passed: 0, failed: 0, skipped: 0 } },
    {
      name: 'passed, failed and the rest',
      files: [file('failed', 'passed', 'failed', 'skipped', 'pending', 'todo')],
      counts: { passed: 1, failed: 1, skipped: 3 },
    },
    {
      name: 'a file that could not be loaded is one failure',
      files: [file('failed'), file('passed', 'passed')],
      counts: { passed: 1, failed: 1, skipped: 0 },
    },
    {
      name: 'a file whose clean-up failed is one failure beside its tests',
      files: [file('failed', 'passed')],
      counts: { passed: 1, failed: 1, skipped: 0 },
    },
  ])('$name', ({ files, counts }) => {
    expect(countTests({ testResults: files })).toEqual(counts);
  });
});
