import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { kill } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { isSameProcess, type ProcessIdentity, readProcessIdentity } from './process-identity.ts';

interface ChildrenRecord {
  readonly supervisor: ProcessIdentity | undefined;
  readonly children: readonly ProcessIdentity[];
}

/** Keeps the list of running children on disk, so that a start after a kill -9 of this one can end what it left. */
export class RecordedChildren {
  readonly #file: string;
  readonly #children = new Map<number, ProcessIdentity>();
  readonly #supervisor: ProcessIdentity | undefined;

  constructor(file: string, supervisorPid: number) {
    this.#file = file;
    this.#supervisor = readProcessIdentity(supervisorPid);
  }

  add(pid: number): void {
    const identity = readProcessIdentity(pid);
    if (identity !== undefined) this.#children.set(pid, identity);
    this.#write();
  }

  remove(pid: number): void {
    this.#children.delete(pid);
    this.#write();
  }

  /** Everything has ended orderly. */
  clear(): void {
    rmSync(this.#file, { force: true });
  }

  #write(): void {
    const record: ChildrenRecord = { supervisor: this.#supervisor, children: [...this.#children.values()] };
    writeFileSync(`${this.#file}.part`, JSON.stringify(record));
    renameSync(`${this.#file}.part`, this.#file);
  }
}

/**
 * Ends what an earlier start left running: only processes that it recorded as its own and that are still the very
 * same, by number and start time.
 *
 * @returns the commands that were ended
 * @throws AppError FS_CONFIG_INVALID when the earlier start is itself still running
 */
export async function endLeftovers(file: string): Promise<string[]> {
  const record = readRecord(file);
  if (record === undefined) return [];
  if (record.supervisor !== undefined && isSameProcess(record.supervisor)) {
    throw new AppError(
      'FS_CONFIG_INVALID',
      `Another start is using this state directory: process ${record.supervisor.pid}. Stop it with Ctrl-C, or "kill ${record.supervisor.pid}".`,
    );
  }
  const leftovers = record.children.filter(isSameProcess);
  for (const { pid } of leftovers) signal(pid, 'SIGTERM');
  const deadlineMs = performance.now() + 10_000;
  while (leftovers.some(isSameProcess) && performance.now() < deadlineMs) await sleep(50);
  for (const leftover of leftovers.filter(isSameProcess)) signal(leftover.pid, 'SIGKILL');
  while (leftovers.some(isSameProcess) && performance.now() < deadlineMs + 5000) await sleep(20);
  rmSync(file, { force: true });
  return leftovers.map(({ command }) => command);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    kill(pid, name);
  } catch (thrown) {
    // It ended between looking and signalling, which is what was wanted.
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

function readRecord(file: string): ChildrenRecord | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ChildrenRecord;
  } catch {
    // Written whole or not at all; a damaged one tells nothing that could be trusted.
    return undefined;
  }
}
