import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DronePipeline, type DroneStep } from '../../ci/manifests/drone-pipeline-schema.ts';
import { type DryRunTools, writeShims } from './write-shims.ts';

/** What Drone says to a pipeline of the build that it runs. */
export interface DroneBuild {
  readonly event: string;
  /** Where a promotion or a rollback leads. */
  readonly target?: string;
  readonly commit: string;
}

export interface DryRunOptions {
  readonly root: string;
  readonly tools: DryRunTools;
  readonly build: DroneBuild;
  /** Told to the stand-ins, for tests of what goes wrong. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface StepRun {
  readonly step: string;
  readonly exitCode: number;
  /** Calls of programs that would have reached outside, a line each. */
  readonly calls: readonly string[];
  /** What the step printed, for people. */
  readonly said: string;
  /** What buildx would build, as it prints it. */
  readonly build: string | undefined;
  /** What kubectl was given to apply. */
  readonly applied: string | undefined;
  /** Secrets that appear in arguments or in what was printed, by the names that they have in Drone. */
  readonly leaked: readonly string[];
}

const stepTimeoutMs = 60_000;
const outputBytesMax = 16 * 1024 * 1024;

/** Runs a pipeline's steps, one after another in an order that suits their dependencies, until one fails. */
export async function runPipeline(pipeline: DronePipeline, options: DryRunOptions): Promise<readonly StepRun[]> {
  const runs: StepRun[] = [];
  for (const step of orderSteps(pipeline.steps)) {
    const run = await runStep(step, options);
    runs.push(run);
    if (run.exitCode !== 0) break;
  }
  return runs;
}

/** Drone runs steps as their `depends_on` says, and all in their order when none has any. */
function orderSteps(steps: readonly DroneStep[]): readonly DroneStep[] {
  const done: DroneStep[] = [];
  const left = [...steps];
  while (left.length > 0) {
    const index = left.findIndex(({ depends_on: names }) =>
      (names ?? []).every((name) => done.some((step) => step.name === name)),
    );
    const [next] = left.splice(index, 1);
    if (index === -1 || next === undefined)
      throw new Error(`steps wait for each other: ${steps.map((s) => s.name).join(', ')}`);
    done.push(next);
  }
  return done;
}

async function runStep(step: DroneStep, options: DryRunOptions): Promise<StepRun> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-drone-'));
  try {
    const files = {
      calls: join(directory, 'calls'),
      build: join(directory, 'build'),
      applied: join(directory, 'applied'),
    };
    const secrets = new Map<string, string>();
    const environment = {
      ...droneVariables(options.build),
      ...stepVariables(step, secrets),
      PATH: `${writeShims(directory, options.tools)}:${process.env['PATH'] ?? ''}`,
      HOME: directory,
      TMPDIR: directory,
      DRY_RUN_CALLS: files.calls,
      DRY_RUN_BUILD: files.build,
      DRY_RUN_APPLIED: files.applied,
      ...options.environment,
    };
    const { exitCode, said } = await runShell(step.commands ?? [], options.root, environment);
    const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
    const calls = read(files.calls) ?? '';
    // The registry's name isn't one that must be kept.
    const kept = [...secrets].filter(([name]) => name !== 'registry');
    return {
      step: step.name,
      exitCode,
      calls: calls.split('\n').filter((line) => line !== ''),
      said,
      build: read(files.build),
      applied: read(files.applied),
      leaked: kept.filter(([, value]) => `${calls}${said}`.includes(value)).map(([name]) => name),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function droneVariables({ event, target, commit }: DroneBuild): Record<string, string> {
  return {
    CI: 'true',
    DRONE: 'true',
    DRONE_BUILD_EVENT: event,
    DRONE_BUILD_NUMBER: '7',
    DRONE_COMMIT_SHA: commit,
    ...(target === undefined ? {} : { DRONE_DEPLOY_TO: target }),
  };
}

function stepVariables(step: DroneStep, secrets: Map<string, string>): Record<string, string> {
  const entries = Object.entries(step.environment ?? {}).map(([name, value]) => {
    if (typeof value !== 'object') return [name, String(value)] as const;
    const secret = value.from_secret;
    const text = secret === 'registry' ? 'registry.example.com' : randomBytes(12).toString('hex');
    secrets.set(secret, text);
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}

/** As Drone's runner does it: one shell for all commands, ended by the first that fails. */
async function runShell(
  commands: readonly string[],
  directory: string,
  environment: Record<string, string>,
): Promise<{ readonly exitCode: number; readonly said: string }> {
  return await new Promise((resolve) => {
    const limits = { cwd: directory, env: environment, timeout: stepTimeoutMs, maxBuffer: outputBytesMax };
    execFile('sh', ['-e', '-c', commands.join('\n')], limits, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ exitCode, said: `${stdout}${stderr}`.trim() });
    });
  });
}
