import { type ChildProcess, spawn } from 'node:child_process';
import { AppError } from '@fleetstream/kernel';

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

const keptErrorChars = 4000;

/**
 * Runs a program to its end and parses the last line that it printed.
 *
 * @throws AppError FS_INTERNAL with the end of what it said when it fails, prints no JSON, or takes too long
 */
export async function runProgram<Figures>(options: ProgramOptions): Promise<Figures> {
  const program = startProgram(options);
  return await program.figures<Figures>();
}

export interface RunningProgram {
  readonly process: ChildProcess;
  /** Resolves with the first line that equals `line`. */
  said(line: string): Promise<void>;
  tell(line: string): void;
  figures<Figures>(): Promise<Figures>;
}

/** Like `runProgram` for one that is talked to while it runs. Whoever starts it awaits its figures. */
export function startProgram({ command, args, env, timeoutMs }: ProgramOptions): RunningProgram {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  const waiting = new Set<() => void>();
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptErrorChars);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(failure(`ended with ${code ?? signal ?? 'nothing'}`));
    });
  });
  // Who waits for the figures is told; a failure before that must not end the bench without its clean-up.
  ended.catch(() => undefined);

  function failure(what: string): AppError {
    return new AppError('FS_INTERNAL', `${command} ${args.slice(0, 3).join(' ')} ${what}:\n${errors.trim()}`);
  }

  return {
    process: child,
    said: async (line) => {
      const heard = new Promise<void>((resolve) => {
        const look = () => {
          if (!out.split('\n').includes(line)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
      await Promise.race([heard, ended]);
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    figures: async <Figures>() => {
      await ended;
      const last = out.trimEnd().split('\n').at(-1) ?? '';
      try {
        return JSON.parse(last) as Figures;
      } catch {
        throw failure(`printed no figures but "${last}"`);
      }
    },
  };
}
