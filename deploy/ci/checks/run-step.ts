import { spawn } from 'node:child_process';
import { env } from 'node:process';

/** A program that must end with code 0. */
export interface CheckStep {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface StepResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** Both streams, in order. */
  readonly output: string;
}

const outputBytesMax = 4 * 1024 * 1024;

/** Runs a step to its end; what it says is kept, not shown. */
async function runStep(step: CheckStep, directory: string): Promise<StepResult> {
  const startedMs = performance.now();
  const chunks: string[] = [];
  let sizeBytes = 0;
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(step.command, [...step.args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      // What is kept and shown later must not carry a terminal's colours.
      env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    const keep = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= outputBytesMax) chunks.push(chunk.toString());
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      chunks.push(error.message);
      resolve(127);
    });
    child.once('close', resolve);
  });
  return {
    name: step.name,
    passed: code === 0,
    seconds: (performance.now() - startedMs) / 1000,
    output: chunks.join(''),
  };
}

/** Runs steps, `lanes` at a time, in the order given; tells of each as it ends. */
export async function runSteps(
  steps: readonly CheckStep[],
  lanes: number,
  directory: string,
  onDone: (result: StepResult) => void,
): Promise<StepResult[]> {
  const waiting = [...steps];
  const results: StepResult[] = [];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runStep(step, directory);
      results.push(result);
      onDone(result);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
