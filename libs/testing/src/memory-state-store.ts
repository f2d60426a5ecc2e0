import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import {
  type AppliedPosition,
  type LocalCheckpoint,
  type OpenStateStoreOptions,
  type StateBatch,
  type StateSnapshot,
  type StateStore,
  type StoredTimer,
  type TimerChange,
} from '@fleetstream/state-store';

interface Content extends AppliedPosition {
  readonly states: ReadonlyMap<string, Buffer>;
  /** Soonest first. */
  readonly timers: readonly StoredTimer[];
  readonly rows: ReadonlyMap<string, string>;
  readonly indexVersion: number;
}

const empty: Content = {
  ...{ states: new Map(), timers: [], rows: new Map() },
  ...{ indexVersion: 0, appliedOffset: 0, logTimeMs: 0 },
};

/**
 * A state store in memory. Its folder holds one file, `CURRENT`, written when it is closed and by `checkpoint`: a store
 * that is never closed has lost what came after its last opening, as a machine does that loses its disk cache.
 */
export async function openMemoryStateStore({ dir, ifMissing }: OpenStateStoreOptions): Promise<StateStore> {
  const content = await load(dir);
  if (content === undefined && ifMissing === 'fail') {
    throw new AppError('FS_STATE_DAMAGED', `There is no state in ${dir}`);
  }
  if (content === undefined) await save(dir, empty);
  return new MemoryStateStore(dir, content ?? empty);
}

/** Where a copy stands: the fake's `readAppliedPosition`. */
export async function readMemoryPosition(dir: string): Promise<AppliedPosition> {
  const content = await load(dir);
  if (content === undefined) throw new AppError('FS_STATE_DAMAGED', `There is no state in ${dir}`);
  return { appliedOffset: content.appliedOffset, logTimeMs: content.logTimeMs };
}

class MemoryStateStore implements StateStore {
  readonly #dir: string;
  #content: Content;
  #open = true;

  constructor(dir: string, content: Content) {
    this.#dir = dir;
    this.#content = content;
  }

  get appliedOffset(): number {
    return this.#content.appliedOffset;
  }

  get logTimeMs(): number {
    return this.#content.logTimeMs;
  }

  get indexVersion(): number {
    return this.#content.indexVersion;
  }

  async getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    await this.#turn();
    return keys.map((key) => this.#content.states.get(key));
  }

  async write(batch: StateBatch): Promise<void> {
    if (batch.appliedOffset < this.appliedOffset) {
      throw new AppError('FS_INTERNAL', `A batch leads back from ${this.appliedOffset} to ${batch.appliedOffset}`);
    }
    await this.#turn();
    // New maps: a snapshot keeps the old ones.
    const states = new Map(this.#content.states);
    for (const { key, value } of batch.puts) states.set(key, Buffer.from(value));
    for (const key of batch.deletes) states.delete(key);
    const timers = changeTimers(this.#content.timers, batch.timers);
    const rows = new Map(this.#content.rows);
    for (const { key, row } of batch.index?.rows ?? []) {
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    const indexVersion = batch.index?.version ?? this.indexVersion;
    const { appliedOffset, logTimeMs } = batch;
    this.#content = { states, timers, rows, indexVersion, appliedOffset, logTimeMs };
  }

  async *timers(fromMs: number): AsyncGenerator<readonly StoredTimer[], void, undefined> {
    await this.#turn();
    yield this.#content.timers.filter(({ dueMs }) => dueMs >= fromMs);
  }

  async snapshot(): Promise<StateSnapshot> {
    await this.#turn();
    const { states, rows, appliedOffset, logTimeMs } = this.#content;
    return {
      ...{ appliedOffset, logTimeMs },
      entries: async function* () {
        for await (const [key, value] of sorted(states)) yield { key, value };
      },
      getMany: async (keys) => {
        await this.#turn();
        return keys.map((key) => states.get(key));
      },
      rows: async function* (afterKey) {
        const after = Buffer.from(afterKey ?? '');
        for await (const [key, row] of sorted(rows)) {
          if (afterKey === undefined || Buffer.compare(Buffer.from(key), after) > 0) yield { key, row };
        }
      },
      release: () => Promise.resolve(),
    };
  }

  async checkpoint(targetDir: string): Promise<LocalCheckpoint> {
    await this.#turn();
    // One content for file and answer: a write may come while the file is written.
    const content = this.#content;
    if ((await statOf(targetDir)) !== undefined) throw new AppError('FS_INTERNAL', `${targetDir} exists already`);
    const sizeBytes = await save(targetDir, content);
    const { appliedOffset, logTimeMs } = content;
    return { dir: targetDir, files: [{ name: 'CURRENT', sizeBytes }], appliedOffset, logTimeMs };
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await save(this.#dir, this.#content);
  }

  async #turn(): Promise<void> {
    await Promise.resolve();
    if (!this.#open) throw new AppError('FS_STATE_UNAVAILABLE', 'The state store is closed');
  }
}

function changeTimers(stored: readonly StoredTimer[], changes: readonly TimerChange[]): StoredTimer[] {
  const nameOf = ({ key, dueMs }: StoredTimer) => `${dueMs} ${key}`;
  const timers = new Map(stored.map((timer) => [nameOf(timer), timer]));
  for (const { key, dueMs, isSet } of changes) {
    if (isSet) timers.set(nameOf({ key, dueMs }), { key, dueMs });
    else timers.delete(nameOf({ key, dueMs }));
  }
  const compare = (a: StoredTimer, b: StoredTimer) =>
    a.dueMs - b.dueMs || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  return [...timers.values()].sort(compare);
}

async function* sorted<Value>(entries: ReadonlyMap<string, Value>): AsyncGenerator<[string, Value], void, undefined> {
  await Promise.resolve();
  yield* [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

async function save(dir: string, content: Content): Promise<number> {
  const unfinished = `${dir}.tmp`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const states = [...content.states].map(([key, value]) => [key, value.toString('base64')]);
  const text = JSON.stringify({ ...content, states, rows: [...content.rows] });
  await writeFile(join(unfinished, 'CURRENT'), text);
  await rm(dir, { recursive: true, force: true });
  await rename(unfinished, dir);
  return Buffer.byteLength(text);
}

async function load(dir: string): Promise<Content | undefined> {
  const file = join(dir, 'CURRENT');
  if ((await statOf(file)) === undefined) return undefined;
  const saved = JSON.parse(await readFile(file, 'utf8')) as {
    states: [string, string][];
    timers: StoredTimer[];
    rows: [string, string][];
    indexVersion: number;
    appliedOffset: number;
    logTimeMs: number;
  };
  const states = new Map(saved.states.map(([key, value]) => [key, Buffer.from(value, 'base64')]));
  const { appliedOffset, logTimeMs, indexVersion, timers } = saved;
  return { states, timers, rows: new Map(saved.rows), indexVersion, appliedOffset, logTimeMs };
}

async function statOf(path: string): Promise<object | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}
