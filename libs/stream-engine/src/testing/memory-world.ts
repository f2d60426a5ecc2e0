import { type LogReader, type LogRecord, type SinkRecord, type TransactionalSink } from '@fleetstream/kafka';
import { AppError, type Clock } from '@fleetstream/kernel';
import {
  type AppliedPosition,
  type CheckpointManifest,
  type CheckpointStore,
  type LocalCheckpoint,
  type StateBatch,
  type StateStore,
} from '@fleetstream/state-store';
import { type EnginePorts } from '../engine-ports.ts';
import { type SeededRandom } from './seeded-random.ts';

interface StoredState extends AppliedPosition {
  readonly states: Map<string, Buffer>;
  readonly timers: Map<string, number>;
  readonly rows: Map<string, string>;
  readonly indexVersion: number;
}

/** What one machine keeps on its disk. */
export type MemoryDisk = Map<string, StoredState>;

/** What outlives every process: one partition's log, the broker's memory, and the checkpoints. */
export class MemoryWorld {
  readonly random: SeededRandom;
  readonly log: LogRecord[] = [];
  /** Committed alone. */
  readonly outputs: SinkRecord[] = [];
  readonly checkpoints: { manifest: CheckpointManifest; state: StoredState; damaged: boolean }[] = [];
  committed: number | undefined;
  epoch = 0;
  /** Every commit moved it forward; anything else is the error that cost 29,351 duplicates once. */
  wentBack = false;
  timeMs = 1000;
  logStart = 0;
  /** Whom the group has given the partition to: the process that was made last. */
  owner: MemoryProcess | undefined;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  /** Append times mostly grow; a new leader's clock can be behind. */
  append(key: string, text: string): void {
    const backMs = this.random.chance(0.15) ? this.random.between(1, 100) : 0;
    this.log.push({
      partition: 0,
      offset: this.log.length,
      timestampMs: this.timeMs - backMs,
      key: Buffer.from(key),
      value: Buffer.from(text),
      contentType: undefined,
      headers: [],
    });
  }
}

/** How a process of the simulation ends and what goes wrong in it. */
export interface ProcessFate {
  /** The step at which it dies, counting everything it waits for; never when left out. */
  readonly diesAtStep?: number;
  /** How often something that may fail does. */
  readonly troubles?: number;
}

/** One process: the engine's ports onto a world and a disk, with its own death. */
export class MemoryProcess {
  readonly world: MemoryWorld;
  readonly disk: MemoryDisk;
  readonly #fate: ProcessFate;
  #steps = 0;
  #killed = false;

  constructor(world: MemoryWorld, disk: MemoryDisk, fate: ProcessFate = {}) {
    this.world = world;
    this.disk = disk;
    this.#fate = fate;
    world.owner = this;
  }

  get isDead(): boolean {
    return this.#killed || this.#steps >= (this.#fate.diesAtStep ?? Infinity);
  }

  kill(): void {
    this.#killed = true;
  }

  ports(): EnginePorts {
    return {
      source: {
        offsets: async () => {
          await this.#step();
          return { start: this.world.logStart, end: this.world.log.length };
        },
        read: (_partition, fromOffset) => this.#createReader(fromOffset),
      },
      createSink: () => this.#createSink(),
      openStore: async ({ dir, ifMissing }) => {
        await this.#step();
        let stored = this.disk.get(dir);
        if (stored === undefined && ifMissing === 'fail') throw new AppError('FS_STATE_DAMAGED', `nothing in ${dir}`);
        stored ??= {
          ...{ states: new Map(), timers: new Map(), rows: new Map() },
          ...{ indexVersion: 0, appliedOffset: 0, logTimeMs: 0 },
        };
        this.disk.set(dir, stored);
        return this.#createStore(dir);
      },
      files: {
        exists: async (dir) => {
          await this.#step();
          return this.disk.has(dir);
        },
        destroy: async (dir) => {
          await this.#step();
          for (const path of [...this.disk.keys()]) if (path.startsWith(dir)) this.disk.delete(path);
        },
      },
      checkpoints: this.#createCheckpoints(),
      ticks: {
        tick: async () => {
          await this.#step();
          this.#trouble('FS_BROKER_UNAVAILABLE');
          this.world.append('tick', 'tick');
        },
      },
      clock: this.#createClock(),
      sleep: async (delayMs) => {
        this.world.timeMs += delayMs;
        await this.#step();
      },
      ownershipConfirmed: async () => {
        await this.#step();
        if (this.world.owner !== this) await new Promise<never>(() => undefined);
      },
    };
  }

  /** One thing to wait for. A dead process waits for ever. */
  async #step(): Promise<void> {
    this.world.timeMs += this.world.random.between(0, 5);
    this.#steps += 1;
    await Promise.resolve();
    if (this.isDead) await new Promise<never>(() => undefined);
  }

  #trouble(code: 'FS_BROKER_UNAVAILABLE' | 'FS_STATE_UNAVAILABLE' | 'FS_CHECKPOINT_STORE_UNAVAILABLE'): void {
    if (this.world.random.chance(this.#fate.troubles ?? 0)) throw new AppError(code, 'trouble');
  }

  #createClock(): Clock {
    return { nowMs: () => this.world.timeMs, monotonicMs: () => this.world.timeMs };
  }

  #createReader(fromOffset: number): LogReader {
    const { world } = this;
    let next = fromOffset;
    let closed = false;
    return {
      get endOffset() {
        return world.log.length;
      },
      next: async (waitMs) => {
        await this.#step();
        if (closed) return undefined;
        if (next >= world.log.length) {
          world.timeMs += waitMs;
          return undefined;
        }
        const records = world.log.slice(next, next + world.random.between(1, 12));
        next += records.length;
        return { records, nextOffset: next, endOffset: world.log.length };
      },
      close: () => {
        closed = true;
      },
    };
  }

  #createSink(): TransactionalSink {
    const { world } = this;
    let epoch: number | undefined;
    return {
      open: async () => {
        await this.#step();
        epoch = ++world.epoch;
        await this.#step();
        return world.committed;
      },
      commit: async ({ outputs, nextOffset }) => {
        await this.#step();
        if (epoch === undefined) throw new AppError('FS_COMMIT_OUTCOME_UNKNOWN', 'the sink is not open');
        if (epoch !== world.epoch) throw new AppError('FS_TASK_FENCED', 'a newer one has opened');
        const troubled = world.random.chance(this.#fate.troubles ?? 0);
        if (!troubled || world.random.chance(0.5)) {
          if (nextOffset <= (world.committed ?? -1)) world.wentBack = true;
          world.committed = nextOffset;
          world.outputs.push(...outputs);
        }
        await this.#step();
        if (!troubled) return;
        epoch = undefined;
        throw new AppError('FS_COMMIT_OUTCOME_UNKNOWN', 'the answer was lost');
      },
      close: async () => {
        epoch = undefined;
        await this.#step();
      },
    };
  }

  #createStore(dir: string): StateStore {
    const { disk } = this;
    const content = (): StoredState => {
      const stored = disk.get(dir);
      if (stored === undefined) throw new AppError('FS_STATE_DAMAGED', `nothing in ${dir}`);
      return stored;
    };
    return {
      get appliedOffset() {
        return content().appliedOffset;
      },
      get logTimeMs() {
        return content().logTimeMs;
      },
      get indexVersion() {
        return content().indexVersion;
      },
      getMany: async (keys) => {
        await this.#step();
        return keys.map((key) => content().states.get(key));
      },
      write: async (batch) => {
        await this.#step();
        this.#trouble('FS_STATE_UNAVAILABLE');
        disk.set(dir, applyBatch(content(), batch));
        await this.#step();
      },
      timers: async function* () {
        await Promise.resolve();
        for (const [key, dueMs] of content().timers) yield { key, dueMs };
      },
      snapshot: async () => {
        await this.#step();
        const { states, rows, appliedOffset, logTimeMs } = content();
        const inOrder = <Value>(map: Map<string, Value>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
        return {
          ...{ appliedOffset, logTimeMs },
          entries: async function* () {
            await Promise.resolve();
            for (const [key, value] of inOrder(states)) yield { key, value };
          },
          getMany: async (keys) => {
            await this.#step();
            return keys.map((key) => states.get(key));
          },
          rows: async function* (afterKey) {
            await Promise.resolve();
            for (const [key, row] of inOrder(rows)) if (afterKey === undefined || key > afterKey) yield { key, row };
          },
          release: () => Promise.resolve(),
        };
      },
      checkpoint: async (targetDir) => {
        await this.#step();
        const copy = content();
        disk.set(targetDir, copy);
        await this.#step();
        const { appliedOffset, logTimeMs } = copy;
        return { dir: targetDir, files: [], appliedOffset, logTimeMs };
      },
      close: () => this.#step(),
    };
  }

  #createCheckpoints(): CheckpointStore {
    const { world, disk } = this;
    const newestFirst = () =>
      [...world.checkpoints].sort((a, b) => b.manifest.appliedOffset - a.manifest.appliedOffset);
    return {
      upload: async (partition, local: LocalCheckpoint, meta) => {
        await this.#step();
        this.#trouble('FS_CHECKPOINT_STORE_UNAVAILABLE');
        const state = disk.get(local.dir);
        if (state === undefined) throw new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', 'the copy is gone');
        const { appliedOffset, logTimeMs } = state;
        const manifest = { ...meta, partition, appliedOffset, logTimeMs, createdAtMs: world.timeMs, files: [] };
        world.checkpoints.push({ manifest, state, damaged: false });
        await this.#step();
        const figures = { fileCount: 1, uploadedBytes: 1, reusedBytes: 0, createdAtMs: world.timeMs };
        return { manifestKey: '', appliedOffset, logTimeMs, ...figures };
      },
      list: async () => {
        await this.#step();
        return newestFirst().map(({ manifest }) => ({ kind: 'readable', manifestKey: '', manifest }));
      },
      restore: async (_partition, targetDir, { endOffset }) => {
        await this.#step();
        const usable = newestFirst().find(({ manifest, damaged }) => !damaged && manifest.appliedOffset <= endOffset);
        if (usable === undefined) return { restored: undefined, skipped: [] };
        disk.set(targetDir, usable.state);
        await this.#step();
        return { restored: { manifestKey: '', manifest: usable.manifest }, skipped: [] };
      },
      collectGarbage: () => Promise.resolve({ kind: 'collected', deletedCount: 0, deletedBytes: 0 }),
    };
  }
}

/** Makes new maps: copies and snapshots keep the old ones. */
function applyBatch(stored: StoredState, batch: StateBatch): StoredState {
  const states = new Map(stored.states);
  const timers = new Map(stored.timers);
  for (const { key, value } of batch.puts) states.set(key, Buffer.from(value));
  for (const key of batch.deletes) states.delete(key);
  for (const { key, dueMs } of batch.timers) {
    if (dueMs === undefined) timers.delete(key);
    else timers.set(key, dueMs);
  }
  const rows = new Map(stored.rows);
  for (const { key, row } of batch.index?.rows ?? []) {
    if (row === undefined) rows.delete(key);
    else rows.set(key, row);
  }
  const { appliedOffset, logTimeMs } = batch;
  return { states, timers, rows, indexVersion: batch.index?.version ?? stored.indexVersion, appliedOffset, logTimeMs };
}
