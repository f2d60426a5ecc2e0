import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program of the local run, started and answering. */
export interface LocalProcess {
  readonly name: string;
  readonly pid: number;
  /** `host:port` or a URL. */
  readonly address: string;
  /** Settles when the program has ended, whoever ended it. */
  readonly exited: Promise<ProcessExit>;
  /** Ends it orderly; after the grace period with SIGKILL. Safe to call again. */
  stop(): Promise<ProcessExit>;
  /** SIGKILL, at once. */
  kill(): Promise<ProcessExit>;
}

export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Both streams go there; the file is begun anew, and the one before is kept as `.1`. */
  readonly logFile: string;
  readonly address: string;
  /** The whole environment of the program; left out, it inherits ours. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
  /** How long an orderly end may take, in milliseconds. */
  readonly stopTimeoutMs?: number;
  /** In a process group of its own, so that Ctrl-C in the terminal reaches us alone and we stop things in order. */
  readonly detached?: boolean;
  /** Keep the log of the instance before: it tells why that one ended. */
  readonly appendLog?: boolean;
  /** Standard output comes to us instead of going to the log. */
  readonly onLine?: (line: string) => void;
}

/** Starts a program. It may not answer yet: see `waitUntilReady`. */
export function spawnLocalProcess(spec: ProcessSpec): LocalProcess {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  if (spec.appendLog !== true && existsSync(spec.logFile)) renameSync(spec.logFile, `${spec.logFile}.1`);
  // Appending, so that a log that is emptied while it is written to goes on at its start.
  const log = openSync(spec.logFile, 'a');
  const child = spawn(spec.command, [...spec.args], {
    stdio: ['ignore', spec.onLine === undefined ? log : 'pipe', log],
    ...(spec.environment === undefined ? {} : { env: { ...spec.environment } }),
    ...(spec.directory === undefined ? {} : { cwd: spec.directory }),
    detached: spec.detached === true,
  });
  closeSync(log);
  const exited = observeExit(child, spec);
  if (spec.onLine !== undefined) splitLines(child, spec.onLine);
  const end = async (signal: NodeJS.Signals): Promise<ProcessExit> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return await exited;
  };
  return {
    name: spec.name,
    pid: child.pid ?? -1,
    address: spec.address,
    exited,
    kill: () => end('SIGKILL'),
    stop: async () => {
      const timeout = setTimeout(() => void end('SIGKILL'), spec.stopTimeoutMs ?? 15_000);
      try {
        return await end('SIGTERM');
      } finally {
        clearTimeout(timeout);
      }
    },
  };
}

/**
 * Waits until `probe` says yes; a probe that throws or takes long counts as no.
 *
 * @throws AppError FS_NOT_READY with the end of the program's log when it ends first or `timeoutMs` pass.
 */
export async function waitUntilReady(
  started: LocalProcess,
  logFile: string,
  probe: () => Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let exit: ProcessExit | undefined;
  void started.exited.then((value) => {
    exit = value;
  });
  while (!(await probe().catch(() => false))) {
    if (exit !== undefined) throw notReady(started, logFile, `ended with ${describeExit(exit)}`);
    if (performance.now() > deadlineMs) {
      await started.kill();
      throw notReady(started, logFile, `did not answer at ${started.address} in ${String(timeoutMs / 1000)} s`);
    }
    await sleep(25);
  }
}

/** `code 1` or `signal SIGKILL`. */
export function describeExit(exit: ProcessExit): string {
  return exit.signal === null ? `code ${String(exit.code)}` : `signal ${exit.signal}`;
}

function notReady(started: LocalProcess, logFile: string, what: string): AppError {
  return new AppError('FS_NOT_READY', `${started.name} ${what}. The end of ${logFile}:\n${readTail(logFile, 15)}`);
}

/** The last lines of a text file; nothing when it can't be read. */
export function readTail(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}

async function observeExit(child: ChildProcess, spec: ProcessSpec): Promise<ProcessExit> {
  return await new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
    child.once('error', (error) => {
      // A program that can't be started has ended as the shell would say it: 127.
      spec.onLine?.(`${spec.command}: ${error.message}`);
      resolve({ code: 127, signal: null });
    });
  });
}

function splitLines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
