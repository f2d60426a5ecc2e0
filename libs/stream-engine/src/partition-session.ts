import { type LogBatch, type LogReader, type SinkRecord } from '@fleetstream/kafka';
import { type AppError, toAppError } from '@fleetstream/kernel';
import { isDiskFull, type StateBatch } from '@fleetstream/state-store';
import { type EngineEvent } from './engine-event.ts';
import { type StreamEngineOptions } from './engine-options.ts';
import { foldRecords, type FoldTarget } from './fold-records.ts';
import { type OpenPartition } from './open-partition.ts';
import { type PartitionPhase } from './partition-status.ts';
import { type CachedState, StateCache } from './state-cache.ts';
import { rebuildIndex } from './state-index.ts';
import { StateValueWriter } from './state-value.ts';
import { TimerIndex } from './timer-index.ts';

/**
 * What a partition has in memory between its opening and its first failure: fold, commit, store, always in this order
 * and one at a time (its owner sees to that). What it holds is worth nothing after a failed commit.
 *
 * Offsets only grow, and appliedOffset ≤ foldedOffset. While refolding, foldedOffset ≤ committedOffset and nothing is
 * committed: the group's offset would move backwards. Past it, committedOffset ≤ foldedOffset, and states are stored
 * only when the two are equal.
 */
export class PartitionSession<State, Input> {
  readonly partition: number;
  readonly #options: StreamEngineOptions<State, Input>;
  readonly #open: OpenPartition;
  readonly #target: FoldTarget<State, Input>;
  readonly #reader: LogReader;
  #foldedOffset: number;
  #committedOffset: number;
  #logTimeMs: number;
  #outputs: SinkRecord[] = [];
  #outputBytes = 0;
  #pendingRecords = 0;
  #oldestPendingMs: number | undefined;
  #lastCommitMs: number;
  #lastStoredMs: number;
  #lastRecordMs: number;
  /** Since when nothing is folded because the disk is full. */
  #stalledSinceMs: number | undefined;
  #storeFailed = false;
  readonly #reading = new AbortController();

  private constructor(options: StreamEngineOptions<State, Input>, partition: number, open: OpenPartition) {
    const { fold, prepare, decode, ports, limits, inputTopic, deadLetterTopic } = options;
    this.partition = partition;
    this.#options = options;
    this.#open = open;
    this.#foldedOffset = open.startOffset;
    this.#committedOffset = open.committedOffset;
    this.#logTimeMs = open.store.logTimeMs;
    const timers = new TimerIndex(open.store, limits.timerWindow);
    const cache = new StateCache<State>(fold, open.store, limits, timers);
    this.#target = {
      ...{ fold, decode, cache, timers, inputTopic, deadLetterTopic },
      ...(prepare === undefined ? {} : { prepare }),
    };
    const nowMs = ports.clock.monotonicMs();
    this.#lastCommitMs = nowMs;
    this.#lastStoredMs = nowMs;
    this.#lastRecordMs = nowMs;
    this.#reader = ports.source.read(partition, open.startOffset);
  }

  /** Reads the soonest of the stored timers and begins to fetch. */
  static async start<State, Input>(
    options: StreamEngineOptions<State, Input>,
    partition: number,
    open: OpenPartition,
  ): Promise<PartitionSession<State, Input>> {
    const { index, fold, log } = options;
    if (index !== undefined && open.store.appliedOffset > 0 && open.store.indexVersion !== index.version) {
      const rows = await rebuildIndex(open.store, fold, index);
      log.info({ partition, rows, version: index.version }, 'the index of a partition was made anew');
    }
    const session = new PartitionSession(options, partition, open);
    await session.#target.timers.readOn(open.store.logTimeMs);
    return session;
  }

  get foldedOffset(): number {
    return this.#foldedOffset;
  }

  get committedOffset(): number {
    return this.#committedOffset;
  }

  get appliedOffset(): number {
    return this.#open.store.appliedOffset;
  }

  get endOffset(): number {
    return Math.max(this.#reader.endOffset, this.#foldedOffset);
  }

  get logTimeMs(): number {
    return this.#logTimeMs;
  }

  /** Up to where states may be shown: folded, and nothing of it uncommitted. */
  get visibleOffset(): number {
    return Math.min(this.#foldedOffset, this.#committedOffset);
  }

  /** What changed since the store's last batch; `undefined` for a state that ended. */
  changed(): Map<string, State | undefined> {
    const changed = new Map<string, State | undefined>();
    for (const { key, state } of this.#target.cache.dirty()) changed.set(key, state);
    return changed;
  }

  get isRefolding(): boolean {
    return this.#foldedOffset < this.#committedOffset;
  }

  /** Whoever owned the partition has committed up to there: outputs before it are held back. It never goes back. */
  noteCommitted(offset: number): void {
    this.#committedOffset = Math.max(this.#committedOffset, offset);
  }

  get phase(): Extract<PartitionPhase, 'refolding' | 'running' | 'stalled'> {
    if (this.#stalledSinceMs !== undefined) return 'stalled';
    return this.isRefolding ? 'refolding' : 'running';
  }

  /** The next stretch of the log, waiting no longer than until the next commit, store or tick is due. */
  async nextBatch(): Promise<LogBatch | undefined> {
    if (this.#stalledSinceMs === undefined) return await this.#reader.next(this.#waitMs());
    await this.#options.ports.sleep(this.#waitMs(), this.#reading.signal);
    return undefined;
  }

  async fold(batch: LogBatch): Promise<void> {
    const { ports } = this.#options;
    const from = { logTimeMs: this.#logTimeMs, writeFrom: this.#committedOffset };
    const folded = await foldRecords(this.#target, batch.records, from);
    this.#logTimeMs = folded.logTimeMs;
    this.#foldedOffset = batch.nextOffset;
    for (const output of folded.outputs) this.#outputs.push(output);
    this.#outputBytes += folded.outputBytes;
    this.#pendingRecords += batch.records.length;
    this.#oldestPendingMs ??= batch.records[0]?.timestampMs;
    this.#lastRecordMs = ports.clock.monotonicMs();
    this.#observe({ kind: 'folded', partition: this.partition, ...folded.counts });
    if (this.isRefolding) this.#forgetPending();
  }

  /** Commits and stores what is due, and makes room. */
  async settle(): Promise<void> {
    const { limits, ports } = this.#options;
    const nowMs = ports.clock.monotonicMs();
    const full =
      this.#outputBytes >= limits.maxTransactionBytes || this.#pendingRecords >= limits.maxTransactionRecords;
    if (full || nowMs - this.#lastCommitMs >= limits.commitIntervalMs) await this.commit();
    if (this.#isStoreDue(nowMs)) {
      await this.commit();
      await this.#storeOrGoOn();
    }
    this.#target.cache.shrink();
  }

  /** One transaction with everything that was folded since the last. */
  async commit(): Promise<void> {
    if (this.#foldedOffset <= this.#committedOffset) return;
    const { clock } = this.#options.ports;
    const startMs = clock.monotonicMs();
    const outputs = this.#outputs;
    const oldestMs = this.#oldestPendingMs;
    await this.#open.sink.commit({ outputs, nextOffset: this.#foldedOffset });
    this.#committedOffset = this.#foldedOffset;
    this.#forgetPending();
    this.#lastCommitMs = clock.monotonicMs();
    this.#observe({
      kind: 'committed',
      partition: this.partition,
      outputs: outputs.length,
      durationMs: this.#lastCommitMs - startMs,
      latencyMs: oldestMs === undefined ? 0 : Math.max(0, clock.nowMs() - oldestMs),
    });
  }

  /** Writes changed states, changed timers and the position in one batch. Only what is committed is ever stored. */
  async storeStates(): Promise<void> {
    if (this.#foldedOffset === this.appliedOffset) return;
    const { clock } = this.#options.ports;
    const startMs = clock.monotonicMs();
    const { batch, rows, sizes } = this.#toBatch();
    await this.#open.store.write(batch);
    for (const [entry, row] of rows) entry.indexRow = row;
    this.#tellStored();
    this.#target.timers.noteStored();
    this.#target.cache.clean(sizes);
    this.#lastStoredMs = clock.monotonicMs();
    const durationMs = this.#lastStoredMs - startMs;
    this.#observe({ kind: 'stateWritten', partition: this.partition, states: batch.puts.length, durationMs });
  }

  /** The text of a key's state as of `foldedOffset`; `undefined` when it has none. */
  async stateOf(key: string): Promise<string | undefined> {
    const { cache, fold } = this.#target;
    await cache.load([key]);
    const state = cache.get(key)?.state;
    return state === undefined ? undefined : fold.encodeState(state);
  }

  /**
   * Whether the partition has been idle long enough and has a timer that would fire if a record came now. The log's
   * clock is the broker's; ours, or what has passed since the last record, stands in for it.
   */
  isTickDue(): boolean {
    const { clock } = this.#options.ports;
    const idleMs = clock.monotonicMs() - this.#lastRecordMs;
    if (idleMs < this.#options.limits.tickIntervalMs || this.#foldedOffset < this.endOffset) return false;
    const earliestMs = this.#target.timers.earliestMs();
    return earliestMs !== undefined && earliestMs <= Math.max(clock.nowMs(), this.#logTimeMs + idleMs);
  }

  /** A tick is on its way: the next one no earlier than an interval from now. */
  noteTick(): void {
    this.#lastRecordMs = this.#options.ports.clock.monotonicMs();
  }

  /** Ends fetching and lets go of the store and the sink. Commits and stores nothing. */
  async close(): Promise<void> {
    this.#reader.close();
    await this.#open.sink.close();
    await this.#open.store.close();
  }

  /** Wakes whoever waits for the next batch. */
  stopReading(): void {
    this.#reading.abort();
    this.#reader.close();
  }

  #forgetPending(): void {
    this.#outputs = [];
    this.#outputBytes = 0;
    this.#pendingRecords = 0;
    this.#oldestPendingMs = undefined;
  }

  #isStoreDue(nowMs: number): boolean {
    const { limits } = this.#options;
    const trailing = this.#foldedOffset - this.appliedOffset;
    if (trailing <= 0) return false;
    if (nowMs - this.#lastStoredMs >= limits.stateIntervalMs) return true;
    // A store that refuses is asked again at its usual pace.
    if (this.#storeFailed) return false;
    return trailing >= limits.maxRefoldRecords || this.#target.cache.dirtyBytes * 2 >= this.#target.cache.roomBytes;
  }

  /** A full disk must not stop the outputs: the states wait in memory, up to a limit. */
  async #storeOrGoOn(): Promise<void> {
    const { limits, ports, log } = this.#options;
    try {
      await this.storeStates();
      this.#storeFailed = false;
      this.#resume();
    } catch (thrown) {
      const error = toAppError(thrown, 'FS_STATE_UNAVAILABLE', 'The states could not be stored');
      this.#observe({ kind: 'stateNotWritten', partition: this.partition, code: error.code });
      const { dirtyCount, dirtyBytes } = this.#target.cache;
      this.#storeFailed = true;
      this.#lastStoredMs = ports.clock.monotonicMs();
      if (dirtyCount > limits.maxDirtyEntries || dirtyBytes > limits.cacheBytes) this.#stall(error);
      log.warn({ partition: this.partition, err: error }, 'the states could not be stored, trying again later');
    }
  }

  /** What can't be stored for another reason than a full disk may be mended by opening the store anew. */
  #stall(error: AppError): void {
    if (!isDiskFull(error)) throw error;
    if (this.#stalledSinceMs !== undefined) return;
    this.#stalledSinceMs = this.#lastStoredMs;
    this.#observe({ kind: 'stalled', partition: this.partition });
    this.#options.log.error({ partition: this.partition }, 'the disk is full: nothing is folded until there is room');
  }

  #resume(): void {
    if (this.#stalledSinceMs === undefined) return;
    const durationMs = this.#options.ports.clock.monotonicMs() - this.#stalledSinceMs;
    this.#stalledSinceMs = undefined;
    this.#observe({ kind: 'resumed', partition: this.partition, durationMs });
    this.#options.log.info({ partition: this.partition, durationMs }, 'the disk takes states again, folding goes on');
  }

  #tellStored(): void {
    const { afterStore, log } = this.#options;
    const { partition } = this;
    try {
      afterStore?.({ partition, appliedOffset: this.appliedOffset, changed: changedOf(this.#target.cache.dirty()) });
    } catch (thrown) {
      log.error({ partition, err: thrown }, 'what follows a stored batch threw; the batch stays');
    }
  }

  #toBatch(): PendingBatch<State> {
    const { fold, cache, timers } = this.#target;
    const { index } = this.#options;
    const rows = new Map<CachedState<State>, string | undefined>();
    const puts: { key: string; value: Buffer }[] = [];
    const deletes: string[] = [];
    const sizes: number[] = [];
    const values = new StateValueWriter(fold.stateVersion);
    for (const entry of cache.dirty()) {
      const { key, state } = entry;
      if (index !== undefined) {
        const row = state === undefined ? undefined : index.rowOf(state);
        if (row === undefined || row !== entry.indexRow) rows.set(entry, row);
      }
      if (state === undefined) {
        deletes.push(key);
        continue;
      }
      const value = values.write(fold.encodeState(state));
      puts.push({ key, value });
      sizes.push(value.length);
    }
    const position = { appliedOffset: this.#foldedOffset, logTimeMs: this.#logTimeMs };
    const batch = { puts, deletes, timers: timers.changes(), ...position };
    if (index === undefined) return { batch, rows, sizes };
    const indexRows = [...rows].map(([{ key }, row]) => ({ key, row }));
    return { batch: { ...batch, index: { version: index.version, rows: indexRows } }, rows, sizes };
  }

  #waitMs(): number {
    const { limits, ports } = this.#options;
    const nowMs = ports.clock.monotonicMs();
    const untilMs = [this.#lastRecordMs + limits.tickIntervalMs];
    if (this.#foldedOffset > this.#committedOffset) untilMs.push(this.#lastCommitMs + limits.commitIntervalMs);
    if (this.#foldedOffset > this.appliedOffset) untilMs.push(this.#lastStoredMs + limits.stateIntervalMs);
    return Math.min(Math.max(Math.min(...untilMs) - nowMs, 1), limits.tickIntervalMs);
  }

  #observe(event: EngineEvent): void {
    this.#options.observe(event);
  }
}

/** A batch of states, and what is noted in their entries once the store has it. */
interface PendingBatch<State> {
  readonly batch: StateBatch;
  readonly rows: ReadonlyMap<CachedState<State>, string | undefined>;
  /** Of the puts. */
  readonly sizes: readonly number[];
}

function* changedOf<State>(entries: Iterable<CachedState<State>>): Generator<{ key: string; state: State }> {
  for (const { key, state } of entries) if (state !== undefined) yield { key, state };
}
