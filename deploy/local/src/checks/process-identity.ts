import { existsSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

/** A process beyond its number, which the system gives to another one later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began: clock ticks since boot on Linux, a date elsewhere. Only compared. */
  readonly startedAt: string;
  /** For people. */
  readonly command: string;
}

/** Who has this number now; `undefined` when nobody has, or only the shell of a dead one is left. */
export function readProcessIdentity(pid: number): ProcessIdentity | undefined {
  return existsSync('/proc/self/stat') ? readFromProc(pid) : readFromPs(pid);
}

/**
 * Whether the process that was recorded still lives: a number is not given twice at one moment. The command says
 * nothing: a program may rewrite it, as Redis does.
 */
export function isSameProcess(recorded: ProcessIdentity): boolean {
  return readProcessIdentity(recorded.pid)?.startedAt === recorded.startedAt;
}

function readFromProc(pid: number): ProcessIdentity | undefined {
  try {
    const fields = readStatFields(pid);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    const startedAt = fields[19];
    return fields[0] === 'Z' || startedAt === undefined ? undefined : { pid, startedAt, command };
  } catch {
    return undefined;
  }
}

/** The fields of /proc/<pid>/stat after the program's name, which may hold blanks and brackets: state, parent, … */
export function readStatFields(pid: number | 'self'): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
}

function readFromPs(pid: number): ProcessIdentity | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=,command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    // "Sun Nov 23 06:19:00 2026" has 24 characters.
    return text === '' ? undefined : { pid, startedAt: text.slice(0, 24), command: text.slice(24).trim() };
  } catch {
    return undefined;
  }
}
