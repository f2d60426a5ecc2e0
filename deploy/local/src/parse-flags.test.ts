import { describe, expect, it } from 'vitest';
import { parseFlags } from './parse-flags.ts';

const defaults = {
  runForMs: undefined,
  robots: 50,
  rate: undefined,
  speed: 1,
  webhooks: 2,
  processors: 1,
  recordings: undefined,
  source: 'simulator',
  once: false,
  json: false,
  fleet: true,
  fresh: false,
  chaos: false,
  commandsPerSecond: 1,
  prometheus: false,
  clientCerts: undefined,
  seed: 1,
  stateDir: '.fleetstream',
  portOffset: 0,
};

describe('parseFlags', () => {
  it.each([
    { name: 'no flags are the defaults', argv: [], options: {} },
    { name: 'seconds', argv: ['--for', '60s'], options: { runForMs: 60_000 } },
    { name: 'minutes, with an equals sign', argv: ['--for=1.5m'], options: { runForMs: 90_000 } },
    { name: 'one second is the shortest', argv: ['--for', '1s'], options: { runForMs: 1000 } },
    { name: 'a day is the longest', argv: ['--for', '24h'], options: { runForMs: 86_400_000 } },
    { name: 'numbers', argv: ['--robots', '7', '--rate', '0.5'], options: { robots: 7, rate: 0.5 } },
    {
      name: 'a single log file is an AGV session, played once',
      argv: ['--recordings', 'a/b.log', '--speed', '10', '--json'],
      options: {
        recordings: 'a/b.log',
        source: 'agv-session',
        once: true,
        speed: 10,
        json: true,
        commandsPerSecond: 0,
      },
    },
    {
      name: 'a folder of recordings goes on for ever',
      argv: ['--recordings', 'a'],
      options: { recordings: 'a', source: 'recordings' },
    },
    {
      name: 'switches',
      argv: ['--fresh', '--chaos', '--no-fleet', '--with-prometheus'],
      options: { fresh: true, chaos: true, fleet: false, prometheus: true },
    },
    {
      name: 'client certificates instead of signatures',
      argv: ['--client-ca', '/robots/ca.pem'],
      options: { clientCerts: { caFile: '/robots/ca.pem', mode: 'instead' } },
    },
    {
      name: 'client certificates beside signatures',
      argv: ['--client-ca', '/robots/ca.pem', '--client-certs', 'required', '--no-fleet'],
      options: { clientCerts: { caFile: '/robots/ca.pem', mode: 'required' }, fleet: false },
    },
  ])('$name', ({ argv, options }) => {
    expect(parseFlags(argv)).toEqual({ kind: 'start', options: { ...defaults, ...options } });
  });

  it('help wins over everything', () => {
    expect(parseFlags(['--robots', 'x', '--help'])).toEqual({ kind: 'help' });
  });

  it.each([
    { name: 'an unknown flag', argv: ['--robotz', '5'], problem: '--robotz: no such flag' },
    {
      name: 'client certificates of nobody',
      argv: ['--client-certs', 'required'],
      problem: '--client-certs: needs --client-ca',
    },
    {
      name: 'client certificates that count for something else',
      argv: ['--client-ca', 'a', '--client-certs', 'off'],
      problem: '--client-certs off: required or instead',
    },
    {
      name: 'client certificates that its own fleet lacks',
      argv: ['--client-ca', 'a', '--client-certs', 'required'],
      problem: '--client-certs required: needs --no-fleet, for the robots of the fleet only sign',
    },
    { name: 'an argument', argv: ['start'], problem: '"start": flags only, no arguments' },
    {
      name: 'a number that is none',
      argv: ['--robots', 'many'],
      problem: '--robots many: a whole number from 1 to 20000',
    },
    { name: 'half a robot', argv: ['--robots', '1.5'], problem: '--robots 1.5: a whole number from 1 to 20000' },
    { name: 'too many pods', argv: ['--webhooks', '10'], problem: '--webhooks 10: a whole number from 1 to 9' },
    { name: 'no pod', argv: ['--webhooks', '0'], problem: '--webhooks 0: a whole number from 1 to 9' },
    {
      name: 'a time without a unit',
      argv: ['--for', '60'],
      problem: '--for 60: a time from 1s to 24h, as in 60s, 5m or 1.5h',
    },
    {
      name: 'a time below a second',
      argv: ['--for', '999ms'],
      problem: '--for 999ms: a time from 1s to 24h, as in 60s, 5m or 1.5h',
    },
    {
      name: 'chaos that has no time to kill everything',
      argv: ['--chaos', '--for', '44s'],
      problem: '--chaos needs --for 45s at least: it kills everything several times',
    },
    {
      // Beyond lie the ports that the system gives to outgoing connections.
      name: 'ports that are shifted too far',
      argv: ['--port-offset', '12001'],
      problem: '--port-offset 12001: a whole number from 0 to 12000',
    },
    { name: 'a flag without its value', argv: ['--seed'], problem: '--seed: needs a value' },
    { name: 'a switch with a value', argv: ['--json=yes'], problem: '--json: takes no value' },
    {
      name: 'an unknown source',
      argv: ['--source', 'moon'],
      problem: '--source moon: one of simulator, recordings, orbis, crazyflie, ur3, agv-session',
    },
    {
      name: 'a session without its file',
      argv: ['--source', 'agv-session'],
      problem: '--source agv-session: needs --recordings with the session',
    },
  ])('refuses $name', ({ argv, problem }) => {
    const parsed = parseFlags(argv);
    expect(parsed.kind === 'wrong' && parsed.problems).toContain(problem);
  });

  it('names all problems at once', () => {
    const parsed = parseFlags(['--robots', 'x', '--moon', '--speed', '0']);
    expect(parsed.kind === 'wrong' && parsed.problems).toHaveLength(3);
  });

  it('says nothing of the value of an unknown flag', () => {
    expect(parseFlags(['--robotz', '5'])).toEqual({ kind: 'wrong', problems: ['--robotz: no such flag'] });
  });
});
