import { describe, expect, it } from 'vitest';
import { parseProcessorBench } from './bench-options.ts';

describe('parseProcessorBench', () => {
  it.each([
    { name: 'three rounds of a million', argv: [], options: { rounds: 3, events: 1_000_000, peersDir: '/peers' } },
    { name: 'one short round', argv: ['--quick'], options: { rounds: 1, events: 200_000, onlyOurs: false } },
    { name: 'what is said goes before', argv: ['--quick', '--rounds', '2'], options: { rounds: 2, events: 200_000 } },
    { name: 'another place', argv: ['--peers', '/x', '--ours'], options: { peersDir: '/x', onlyOurs: true } },
  ])('$name', ({ argv, options }) => {
    expect(parseProcessorBench(argv, '/peers')).toMatchObject({ kind: 'run', options });
  });

  it.each([
    { name: 'no rounds', argv: ['--rounds', '0'] },
    { name: 'a word', argv: ['fast'] },
    { name: 'an unknown flag', argv: ['--turbo'] },
  ])('refuses $name', ({ argv }) => {
    expect(parseProcessorBench(argv, '/peers').kind).toBe('wrong');
  });
});
