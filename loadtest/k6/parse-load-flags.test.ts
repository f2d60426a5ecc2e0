import { describe, expect, it } from 'vitest';
import { parseLoadFlags } from './parse-load-flags.ts';

const defaults = {
  command: 'smoke',
  requestsPerSecond: 50,
  eventsPerRequest: 10,
  vus: 50,
  durationSeconds: 20,
  start: false,
  quick: false,
  stateDir: '.fleetstream',
  json: false,
};

describe('parseLoadFlags', () => {
  it.each([
    { name: 'a command alone has defaults', argv: ['smoke'], options: {} },
    { name: 'the other command', argv: ['hpa-metric', '--json'], options: { command: 'hpa-metric', json: true } },
    {
      name: 'numbers and times',
      argv: ['smoke', '--rate', '7', '--duration=2m', '--vus', '3', '--events', '1'],
      options: { requestsPerSecond: 7, durationSeconds: 120, vus: 3, eventsPerRequest: 1 },
    },
    {
      name: 'an overload lasts a minute',
      argv: ['overload'],
      options: { command: 'overload', durationSeconds: 60 },
    },
    {
      name: 'a quick one less',
      argv: ['overload', '--quick'],
      options: { command: 'overload', durationSeconds: 15, quick: true },
    },
    { name: 'its own platform', argv: ['smoke', '--start'], options: { start: true } },
  ])('$name', ({ argv, options }) => {
    expect(parseLoadFlags(argv)).toEqual({ kind: 'run', options: { ...defaults, ...options } });
  });

  it.each([
    { name: 'no command', argv: [], problem: '"": one of smoke, hpa-metric, overload' },
    { name: 'an unknown command', argv: ['smokes'], problem: '"smokes": one of smoke, hpa-metric, overload' },
    {
      name: 'half a request',
      argv: ['smoke', '--rate', '0.5'],
      problem: '--rate takes a whole number from 1 to 5000, not "0.5"',
    },
    { name: 'four seconds', argv: ['smoke', '--duration', '4s'], problem: '--duration 4s: a time from 5s to 10m' },
    {
      name: 'a time without a unit',
      argv: ['smoke', '--duration', '20'],
      problem: '--duration 20: a time from 5s to 10m',
    },
  ])('refuses $name', ({ argv, problem }) => {
    const parsed = parseLoadFlags(argv);
    expect(parsed.kind === 'wrong' && parsed.problems).toContain(problem);
  });
});
