import { describe, expect, it } from 'vitest';
import { parseFaultFlags } from './parse-fault-flags.ts';

const scenarios = [{ name: 'one' }, { name: 'two', defaults: { rounds: 9, roundTime: '5m' } }];
const usual = { scenario: 'one', rounds: 1, seed: 1, store: 'minio', roundTime: '60s', json: false, keep: false };

describe('parseFaultFlags', () => {
  it.each([
    { name: 'a scenario is enough', argv: ['one'], options: usual },
    {
      name: 'a scenario may have defaults of its own',
      argv: ['two', '--keep'],
      options: { ...usual, scenario: 'two', rounds: 9, roundTime: '5m', keep: true },
    },
    {
      name: 'every flag, before or behind the scenario',
      argv: ['--rounds', '5', 'one', '--seed=7', '--store', 'versitygw', '--for', '5m', '--json'],
      options: { ...usual, rounds: 5, seed: 7, store: 'versitygw', roundTime: '5m', json: true },
    },
  ])('$name', ({ argv, options }) => {
    expect(parseFaultFlags(argv, scenarios)).toEqual({ kind: 'run', options });
  });

  it('asks for nothing but help when help is asked for', () => {
    expect(parseFaultFlags(['--help', '--rounds', 'x'], scenarios)).toEqual({ kind: 'help' });
  });

  it.each([
    { name: 'no scenario', argv: [], problem: '"": one of one, two' },
    { name: 'an unknown one', argv: ['three'], problem: '"three": one of one, two' },
    { name: 'two', argv: ['one', 'two'], problem: '"one two": one of one, two' },
    {
      name: 'no rounds',
      argv: ['one', '--rounds', '0'],
      problem: '--rounds takes a whole number from 1 to 1000000, not "0"',
    },
    { name: 'half a seed', argv: ['one', '--seed', '1.5'], problem: '--seed takes a whole number' },
    { name: 'a blank seed', argv: ['one', '--seed', ' '], problem: 'not " "' },
    { name: 'another store', argv: ['one', '--store', 'disk'], problem: '--store disk: minio or versitygw' },
    { name: 'a time without a unit', argv: ['one', '--for', '60'], problem: '--for 60: a time' },
    { name: 'an unknown flag', argv: ['one', '--round', '5'], problem: '--round' },
  ])('refuses $name', ({ argv, problem }) => {
    const parsed = parseFaultFlags(argv, scenarios);
    expect(parsed.kind === 'wrong' ? parsed.problems.join('\n') : parsed).toContain(problem);
  });
});
