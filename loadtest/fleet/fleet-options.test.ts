import { describe, expect, it } from 'vitest';
import { parseFleetOptions } from './fleet-options.ts';

const parse = (...args: readonly string[]) => parseFleetOptions(['--ca', 'ca.pem', ...args], 'fresh');

describe('parseFleetOptions', () => {
  it('has defaults for all but the authority', () => {
    expect(parse()).toMatchObject({
      gateway: 'https://127.0.0.1:18443',
      robots: 200,
      rate: 600,
      speed: 1,
      source: 'auto',
      run: 'fresh',
      recordings: undefined,
      once: false,
    });
    expect(() => parseFleetOptions([], 'fresh')).toThrow(/--ca/);
  });

  it('takes "none" for what may be left out', () => {
    const none = parse('--platform', 'none', '--recordings', 'none', '--journal', 'none');
    expect(none).toMatchObject({ platform: undefined, recordings: undefined, journal: undefined });
  });

  it.each([
    { name: 'no robots', args: ['--robots', '0'], says: /--robots/ },
    { name: 'half a robot', args: ['--robots', '1.5'], says: /whole number/ },
    { name: 'a blank number', args: ['--rate', ' '], says: /--rate/ },
    { name: 'an unknown source', args: ['--source', 'mars'], says: /one of auto, recordings/ },
    { name: 'an unknown flag', args: ['--robot', '1'], says: /--robot/ },
    { name: 'a gateway that is no URL', args: ['--gateway', 'localhost'], says: /--gateway/ },
    { name: 'a run that an id cannot hold', args: ['--run', 'a b'], says: /--run/ },
  ])('refuses $name', ({ args, says }) => {
    expect(() => parse(...args)).toThrow(says);
  });

  it('asks for help', () => {
    expect(parseFleetOptions(['--help'], 'fresh')).toBe('help');
  });
});
