import { describe, expect, it } from 'vitest';
import { parseRecoveryOptions } from './recovery-options.ts';

const context = { env: {}, root: '/repo' };

describe('parseRecoveryOptions', () => {
  it.each([
    {
      name: 'a GiB, three kills of each kind',
      argv: [],
      options: { rounds: 3, robots: 1024 * 1024, stateBytes: 1024 },
    },
    { name: 'one kill of a small state', argv: ['--quick'], options: { rounds: 1, robots: 40_000, isQuick: true } },
    { name: 'what is said goes before', argv: ['--quick', '--robots', '5000'], options: { robots: 5000 } },
    { name: 'the peers beside the repository', argv: [], options: { peersDir: '/shared/peers' } },
    { name: 'ours alone', argv: ['--ours'], options: { peersDir: undefined } },
  ])('$name', ({ argv, options }) => {
    expect(parseRecoveryOptions(argv, context)).toMatchObject({ kind: 'run', options });
  });

  it.each([{ argv: ['--rounds', '0'] }, { argv: ['fast'] }, { argv: ['--turbo'] }, { argv: ['--bytes', '10'] }])(
    'refuses $argv',
    ({ argv }) => {
      expect(parseRecoveryOptions(argv, context).kind).toBe('wrong');
    },
  );
});
