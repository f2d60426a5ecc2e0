import { AppError } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { exactly } from '../check.ts';
import { runFaultCommand } from './run-fault-command.ts';
import { type PlayedRound, type Scenario, sumOf } from './scenario.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: string[];
  readonly stderr: string[];
}

async function run(
  argv: readonly string[],
  play: (seed: number) => Promise<PlayedRound>,
  stop = new AbortController(),
): Promise<Outcome> {
  const scenario: Scenario = {
    name: 'it',
    summary: 'breaks it',
    run: (_options, _context, playRounds) => playRounds(play),
    check: (rounds) => [exactly('lost', sumOf(rounds, 'lost'), 0)],
  };
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const code = await runFaultCommand(argv, {
    ...{ root: '/', nodeFile: 'node', environment: {}, stop: stop.signal, scenarios: [scenario] },
    stdout: (line) => stdout.push(line),
    stderr: (line) => stderr.push(line),
  });
  return { code, stdout, stderr };
}

const lose = (lost: number) => () => Promise.resolve({ figures: { lost }, examples: [] });

describe('runFaultCommand', () => {
  it('gives each round a seed of its own and tells it', async () => {
    const seeds: number[] = [];
    const { code, stdout } = await run(['it', '--rounds', '3', '--seed', '7'], (seed) => {
      seeds.push(seed);
      return lose(0)();
    });
    expect([code, seeds]).toEqual([0, [7, 8, 9]]);
    expect(stdout[2]).toContain('round 3 of 3: seed 9');
  });

  it('ends with 1 on any violation, the report on the last line', async () => {
    const { code, stdout, stderr } = await run(['it', '--json'], lose(2));
    expect(code).toBe(1);
    expect(stdout).toHaveLength(1);
    expect(JSON.parse(stdout[0] ?? '')).toMatchObject({
      ...{ scenario: 'it', seed: 1, pass: false },
      checks: [
        { name: 'rounds', pass: true },
        { name: 'roundsBroken', pass: true },
        { name: 'lost', value: 2, rule: 'exactly', limit: 0, pass: false },
      ],
      rounds: [{ seed: 1, figures: { lost: 2 } }],
    });
    expect(stderr).toContain('FAILED lost: 2 (exactly 0)');
  });

  it('takes a round that breaks for a violation and plays the others', async () => {
    const { code, stdout } = await run(['it', '--rounds', '2'], (seed) =>
      seed === 1 ? Promise.reject(new Error('it broke')) : lose(0)(),
    );
    expect(code).toBe(1);
    expect(stdout.join('\n')).toMatch(/it broke[^]*round 2 of 2[^]*FAILED roundsBroken: 1/);
  });

  it('does not pass when it was stopped before the last round', async () => {
    const stop = new AbortController();
    const play = (): Promise<PlayedRound> => {
      stop.abort();
      return lose(0)();
    };
    const { code, stdout } = await run(['it', '--rounds', '2'], play, stop);
    expect(code).toBe(1);
    expect(stdout).toContain('FAILED rounds: 1 (at least 2)');
  });

  it('ends with 2 when it is told nonsense, and helps with 0', async () => {
    expect(await run(['that'], lose(0))).toMatchObject({ code: 2, stdout: [] });
    const { code, stdout } = await run(['--help'], lose(0));
    expect(code).toBe(0);
    expect(stdout.join('\n')).toMatch(/ it +breaks it/);
  });

  it('ends with 2 when the machine is not fit', async () => {
    const unfit: Scenario = {
      ...{ name: 'it', summary: '', check: () => [] },
      run: () => Promise.reject(new AppError('FS_NOT_READY', 'no such program')),
    };
    const stderr: string[] = [];
    const code = await runFaultCommand(['it'], {
      ...{ root: '/', nodeFile: 'node', environment: {}, stop: new AbortController().signal, scenarios: [unfit] },
      stdout: () => undefined,
      stderr: (line) => stderr.push(line),
    });
    expect([code, stderr]).toEqual([2, ['no such program']]);
  });
});
