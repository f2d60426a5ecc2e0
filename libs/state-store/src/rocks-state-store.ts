import { rename } from 'node:fs/promises';
import { AppError, type Log } from '@fleetstream/kernel';
import type RocksDB from 'rocksdb-native';
import { type RocksEntry, type RocksIterator, type RocksRange } from 'rocksdb-native';
import { copyLiveFiles, createManifestProgress } from './copy-live-files.ts';
import {
  type AppliedPosition,
  type IndexRow,
  type LocalCheckpoint,
  type StateBatch,
  type StateSnapshot,
  type StateStore,
  type StoredTimer,
} from './port.ts';
import { readAppliedPosition } from './read-applied-position.ts';
import { readInLots } from './read-in-lots.ts';
import { assertAbsent } from './state-dir.ts';
import { toStateError } from './state-error.ts';
import { trimInfoLog } from './trim-info-log.ts';
import { type Settling } from './unsettled-state.ts';
import {
  appliedKey,
  decodeApplied,
  encodeApplied,
  indexKey,
  keyOf,
  KeyWriter,
  rowRange,
  stateRange,
  timerOf,
  timerRange,
} from './state-keys.ts';

const entriesPerRead = 256;
const nothing = Buffer.alloc(0);

export interface RocksStateStoreParts {
  readonly db: RocksDB;
  readonly dir: string;
  readonly log: Log;
  readonly position: AppliedPosition;
  readonly indexVersion: number;
  readonly settling: Settling;
  /** Called before the database is closed. */
  readonly unwatch: (() => void) | undefined;
}

/** See `openRocksStateStore`. States: open → closing → closed; a write and a checkpoint may be under way while open. */
export class RocksStateStore implements StateStore {
  readonly #db: RocksDB;
  readonly #dir: string;
  readonly #log: Log;
  readonly #settling: Settling;
  readonly #unwatch: (() => void) | undefined;
  readonly #iterators = new Set<RocksIterator>();
  readonly #manifest = createManifestProgress();
  #position: AppliedPosition;
  #indexVersion: number;
  #writing: Promise<void> | undefined;
  #copying: Promise<LocalCheckpoint> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: RocksStateStoreParts) {
    this.#db = parts.db;
    this.#dir = parts.dir;
    this.#log = parts.log;
    this.#settling = parts.settling;
    this.#unwatch = parts.unwatch;
    this.#position = parts.position;
    this.#indexVersion = parts.indexVersion;
  }

  get appliedOffset(): number {
    return this.#position.appliedOffset;
  }

  get logTimeMs(): number {
    return this.#position.logTimeMs;
  }

  get indexVersion(): number {
    return this.#indexVersion;
  }

  async getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return await this.#getMany(this.#db, keys);
  }

  async #getMany(session: RocksDB, keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    this.#assertOpen();
    if (keys.length === 0) return [];
    const batch = session.read({ capacity: keys.length, autoDestroy: true });
    const written = new KeyWriter();
    const answers = Promise.all(keys.map((key) => batch.get(written.write('s', key))));
    try {
      const [values] = await Promise.all([answers, batch.flush()]);
      return values.map((value) => value ?? undefined);
    } catch (thrown) {
      throw toStateError(thrown, `Can't read from ${this.#dir}`);
    }
  }

  async write(batch: StateBatch): Promise<void> {
    this.#assertOpen();
    // RocksDB was seen to apply batches in another order when the one before wasn't awaited.
    if (this.#writing !== undefined) throw new AppError('FS_INTERNAL', 'A batch is written while another one is');
    if (batch.appliedOffset < this.appliedOffset) {
      throw new AppError('FS_INTERNAL', `A batch leads back from ${this.appliedOffset} to ${batch.appliedOffset}`);
    }
    this.#writing = this.#writeBatch(batch);
    try {
      await this.#writing;
      this.#position = { appliedOffset: batch.appliedOffset, logTimeMs: batch.logTimeMs };
      this.#indexVersion = batch.index?.version ?? this.#indexVersion;
    } catch (thrown) {
      throw toStateError(thrown, `Can't write to ${this.#dir}`);
    } finally {
      this.#writing = undefined;
    }
  }

  async #writeBatch({ puts, deletes, timers, index, ...position }: StateBatch): Promise<void> {
    const rows = index?.rows ?? [];
    const capacity = puts.length + deletes.length + timers.length + rows.length + 2;
    const batch = this.#db.write({ capacity, autoDestroy: true });
    const keys = new KeyWriter();
    for (const { key, value } of puts) batch.tryPut(keys.write('s', key), value);
    for (const key of deletes) batch.tryDelete(keys.write('s', key));
    for (const timer of timers) {
      if (timer.isSet) batch.tryPut(keys.writeTimer(timer), nothing);
      else batch.tryDelete(keys.writeTimer(timer));
    }
    for (const { key, row } of rows) {
      if (row === undefined) batch.tryDelete(keys.write('x', key));
      else batch.tryPut(keys.write('x', key), Buffer.from(row));
    }
    if (index !== undefined) batch.tryPut(indexKey, Buffer.of(index.version));
    batch.tryPut(appliedKey, encodeApplied(position));
    await batch.flush();
  }

  async *timers(fromMs: number): AsyncGenerator<readonly StoredTimer[], void, undefined> {
    for await (const lot of this.#lots(this.#db, timerRange(fromMs))) yield lot.map(({ key }) => timerOf(key));
  }

  async snapshot(): Promise<StateSnapshot> {
    this.#assertOpen();
    const session = this.#db.snapshot();
    try {
      // Read through the snapshot: a batch under way may already be in it, while `#position` waits for its end.
      const position = decodeApplied(await session.get(appliedKey), this.#dir);
      return {
        ...position,
        entries: () => this.#states(session),
        getMany: (keys) => this.#getMany(session, keys),
        rows: (afterKey) => this.#rows(session, afterKey),
        release: () => session.close(),
      };
    } catch (thrown) {
      await session.close();
      throw toStateError(thrown, `Can't read from ${this.#dir}`);
    }
  }

  async *#states(session: RocksDB): AsyncGenerator<{ key: string; value: Buffer }, void, undefined> {
    for await (const { key, value } of this.#entries(session, stateRange)) yield { key: keyOf(key), value };
  }

  async *#rows(session: RocksDB, afterKey: string | undefined): AsyncGenerator<IndexRow, void, undefined> {
    for await (const { key, value } of this.#entries(session, rowRange(afterKey))) {
      yield { key: keyOf(key), row: value.toString('utf8') };
    }
  }

  async *#entries(session: RocksDB, range: RocksRange): AsyncGenerator<RocksEntry, void, undefined> {
    for await (const lot of this.#lots(session, range)) {
      for (const entry of lot) {
        yield entry;
        this.#assertOpen();
      }
    }
  }

  /** Remembers the iterator: one that its reader has left without an end would keep `close` waiting for ever. */
  async *#lots(session: RocksDB, range: RocksRange): AsyncGenerator<RocksEntry[], void, undefined> {
    this.#assertOpen();
    const iterator = session.iterator(range, { capacity: entriesPerRead });
    this.#iterators.add(iterator);
    try {
      for await (const lot of readInLots(iterator)) {
        yield lot;
        this.#assertOpen();
      }
    } catch (thrown) {
      throw toStateError(thrown, `Can't read from ${this.#dir}`);
    } finally {
      this.#iterators.delete(iterator);
      iterator.destroy();
    }
  }

  async checkpoint(targetDir: string): Promise<LocalCheckpoint> {
    this.#assertOpen();
    if (this.#copying !== undefined) throw new AppError('FS_INTERNAL', 'A checkpoint is taken while another one is');
    this.#copying = this.#copy(targetDir);
    try {
      return await this.#copying;
    } catch (thrown) {
      throw toStateError(thrown, `Can't copy ${this.#dir} to ${targetDir}`);
    } finally {
      this.#copying = undefined;
    }
  }

  async #copy(targetDir: string): Promise<LocalCheckpoint> {
    await assertAbsent(targetDir);
    const atLeast = this.appliedOffset;
    await this.#db.flush();
    await trimInfoLog(this.#dir, this.#log);
    const unfinished = `${targetDir}.tmp`;
    const { files, attempts } = await copyLiveFiles(this.#dir, unfinished, this.#manifest);
    if (attempts > 1) this.#log.debug({ dir: this.#dir, attempts }, 'compaction made the copy start over');
    const position = await readAppliedPosition(unfinished);
    if (position.appliedOffset < atLeast) {
      throw new AppError('FS_STATE_DAMAGED', `A copy stands at ${position.appliedOffset}, written was ${atLeast}`);
    }
    await rename(unfinished, targetDir);
    return { dir: targetDir, files, ...position };
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#copying, this.#settling.stop()]);
    for (const iterator of this.#iterators) iterator.destroy(closedError());
    this.#unwatch?.();
    try {
      await this.#db.close();
    } catch (thrown) {
      throw toStateError(thrown, `Can't close ${this.#dir}`);
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }
}

function closedError(): AppError {
  return new AppError('FS_STATE_UNAVAILABLE', 'The state store is closed');
}
