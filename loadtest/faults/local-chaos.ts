import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { atLeast, exactly } from '../check.ts';
import { type FaultContext, type PlayedRound, type RoundFigures, type Scenario, sumOf, wrongs } from './scenario.ts';

/** What of the last line of `npm start -- --json` is read here. */
interface LocalReport {
  readonly pass: boolean;
  readonly kills: { readonly webhook: number; readonly processor: number };
  readonly checks: readonly { readonly name: string; readonly value: number | null; readonly pass: boolean }[];
  readonly examples: readonly string[];
  readonly [figure: string]: unknown;
}

export const localChaos: Scenario = {
  name: 'local-chaos',
  summary: 'the whole platform with a fleet, its pods killed and local states deleted meanwhile',
  run: async (options, context, playRounds) => {
    await playRounds((seed) => playChaos(seed, options.roundTime, context));
  },
  check: (rounds) => [
    ...wrongs.map((wrong) => exactly(wrong, sumOf(rounds, wrong), 0)),
    exactly('checksFailed', sumOf(rounds, 'checksFailed'), 0),
    atLeast('folded', sumOf(rounds, 'folded'), rounds.length),
    atLeast('kills', sumOf(rounds, 'kills'), rounds.length),
  ],
};

/** A platform that runs here already stays as it is. */
const portOffset = '6000';

async function playChaos(seed: number, roundTime: string, context: FaultContext): Promise<PlayedRound> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fleetstream-chaos-'));
  const flags = ['--fresh', '--source', 'simulator', '--state-dir', stateDir, '--port-offset', portOffset];
  const report = await runPlatform(
    [...flags, '--for', roundTime, '--chaos', '--seed', String(seed), '--json'],
    context,
  );
  const failed = report.checks.filter(({ pass }) => !pass);
  if (report.pass) await rm(stateDir, { recursive: true, force: true });
  else context.say(`what that round left is in ${stateDir}`);
  return {
    figures: {
      ...pickNumbers(report, [...wrongs, 'folded']),
      kills: report.kills.webhook + report.kills.processor,
      checksFailed: failed.length,
    },
    examples: [...failed.map(({ name, value }) => `check ${name}: ${value ?? 'no value'}`), ...report.examples],
  };
}

function pickNumbers(report: LocalReport, names: readonly string[]): RoundFigures {
  return Object.fromEntries(
    names.map((name) => {
      const value = report[name];
      if (typeof value !== 'number') throw new AppError('FS_INTERNAL', `The report of the run has no figure "${name}"`);
      return [name, value];
    }),
  );
}

const outputCharsMax = 1_000_000;

async function runPlatform(flags: readonly string[], context: FaultContext): Promise<LocalReport> {
  const args = ['--disable-warning=TimeoutNegativeWarning', join(context.root, 'deploy/local/src/main.ts'), ...flags];
  const child = spawn(context.nodeFile, args, {
    cwd: context.root,
    env: { ...context.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] = (said[stream] + text).slice(-outputCharsMax);
    });
  }
  const onStop = (): void => {
    child.kill('SIGTERM');
  };
  context.stop.addEventListener('abort', onStop, { once: true });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('close', resolve);
  });
  context.stop.removeEventListener('abort', onStop);
  const lastLine = said.stdout.trimEnd().split('\n').at(-1) ?? '';
  if (!lastLine.startsWith('{') || (code !== 0 && code !== 1)) {
    const tail = said.stderr.trimEnd().split('\n').slice(-15).join('\n');
    throw new AppError('FS_NOT_READY', `The platform ended with code ${code ?? 'none'} and no report:\n${tail}`);
  }
  return JSON.parse(lastLine) as LocalReport;
}
