import { spawn } from 'node:child_process';

const outputCharsMax = 4_000_000;

export interface ProgramRun {
  readonly ok: boolean;
  /** What it printed to standard output. */
  readonly stdout: string;
  /** Both streams, for people. */
  readonly said: string;
}

export interface ProgramOptions {
  readonly timeoutMs: number;
  readonly directory?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs a program to its end, or until its time is up; one that can't be started has failed. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramRun> {
  return await new Promise((resolve) => {
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
      ...(options.environment === undefined ? {} : { env: options.environment }),
    });
    let stdout = '';
    let said = '';
    const add = (chunk: Buffer): string => {
      const text = chunk.toString();
      if (said.length < outputCharsMax) said += text;
      return text;
    };
    child.stdout.on('data', (chunk: Buffer) => (stdout += add(chunk)));
    child.stderr.on('data', add);
    child.once('error', (error) => {
      resolve({ ok: false, stdout, said: error.message });
    });
    child.once('close', (code, signal) => {
      if (signal !== null) said += `\nended by ${signal}, after ${options.timeoutMs} ms at most`;
      resolve({ ok: code === 0, stdout, said: said.trim() });
    });
  });
}
