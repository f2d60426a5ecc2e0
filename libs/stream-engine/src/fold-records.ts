import { type LogRecord, type SinkRecord } from '@fleetstream/kafka';
import { AppError, type Decoded, type Fold, toAppError, toMessage, type Transition } from '@fleetstream/kernel';
import { toDeadLetter } from './dead-letter.ts';
import { type FoldCounts } from './engine-event.ts';
import { type CachedState, type StateCache } from './state-cache.ts';
import { type TimerIndex } from './timer-index.ts';

/** What the records of one partition are folded with, and into. */
export interface FoldTarget<State, Input> {
  readonly fold: Fold<State, Input>;
  readonly prepare?: (records: readonly LogRecord[]) => Promise<void>;
  readonly decode: (record: LogRecord) => Decoded<Input>;
  readonly cache: StateCache<State>;
  readonly timers: TimerIndex;
  readonly inputTopic: string;
  readonly deadLetterTopic: string;
}

export interface FoldedRecords {
  readonly outputs: readonly SinkRecord[];
  readonly outputBytes: number;
  readonly logTimeMs: number;
  readonly counts: FoldCounts;
}

/** How many due keys are read ahead at once. */
const dueKeysPerRead = 1000;
/** A record whose outputs could not be written in one batch would stop the partition for good: it is poison. */
const maxOutputBytes = 900_000;

/**
 * Folds records in their order. Before a record with log time T every timer that is due by then fires, in the order
 * (due time, key): what fires before a record belongs to that record, so outputs can be told apart by its offset.
 *
 * Outputs of records before `writeFrom` were committed in an earlier life and are left out; states come out the same.
 *
 * @throws AppError FS_FOLD_FAILED when a timer's step throws: there is no record to blame, so the task has to stop
 */
export async function foldRecords<State, Input>(
  target: FoldTarget<State, Input>,
  records: readonly LogRecord[],
  from: { readonly logTimeMs: number; readonly writeFrom: number },
): Promise<FoldedRecords> {
  const run = new FoldRun(target, from);
  await run.fold(records);
  return run.result();
}

class FoldRun<State, Input> {
  readonly #target: FoldTarget<State, Input>;
  readonly #writeFrom: number;
  readonly #outputs: SinkRecord[] = [];
  readonly #counts = {
    records: 0,
    ticks: 0,
    undecodable: 0,
    foldFailures: 0,
    timersFired: 0,
    suppressedOutputs: 0,
    cacheHits: 0,
    cacheMisses: 0,
  };
  #outputBytes = 0;
  #logTimeMs: number;

  constructor(target: FoldTarget<State, Input>, from: { logTimeMs: number; writeFrom: number }) {
    this.#target = target;
    this.#writeFrom = from.writeFrom;
    this.#logTimeMs = from.logTimeMs;
  }

  result(): FoldedRecords {
    return {
      outputs: this.#outputs,
      outputBytes: this.#outputBytes,
      logTimeMs: this.#logTimeMs,
      counts: this.#counts,
    };
  }

  async fold(records: readonly LogRecord[]): Promise<void> {
    await this.#target.prepare?.(records);
    const decoded = records.map((record) => this.#target.decode(record));
    await this.#loadFor(records, decoded);
    for (const [index, record] of records.entries()) {
      this.#logTimeMs = Math.max(this.#logTimeMs, record.timestampMs);
      const earliestMs = this.#target.timers.earliestMs();
      if (earliestMs !== undefined && earliestMs <= this.#logTimeMs) await this.#fireTimers(record.offset);
      this.#counts.records += 1;
      this.#foldRecord(record, decoded[index]);
    }
  }

  /** One read for everything that the records and the timers before them are likely to need. */
  async #loadFor(records: readonly LogRecord[], decoded: readonly Decoded<Input>[]): Promise<void> {
    const { cache, timers } = this.#target;
    const keys = decoded.flatMap((one) => (one.kind === 'input' ? [one.key] : []));
    const untilMs = records.reduce((latest, { timestampMs }) => Math.max(latest, timestampMs), this.#logTimeMs);
    const misses = await cache.load(keys);
    this.#counts.cacheMisses += misses;
    this.#counts.cacheHits += keys.length - misses;
    await cache.load(timers.peekDueKeys(untilMs, dueKeysPerRead));
  }

  async #fireTimers(offset: number): Promise<void> {
    const { fold, cache, timers } = this.#target;
    for (let due = timers.take(this.#logTimeMs); due !== undefined; due = timers.take(this.#logTimeMs)) {
      const { key } = due;
      let entry = cache.get(key);
      if (entry === undefined) {
        await cache.load([key, ...timers.peekDueKeys(this.#logTimeMs, dueKeysPerRead)]);
        entry = cache.get(key);
      }
      if (entry?.state === undefined) continue;
      const dueMs = fold.dueAt(entry.state);
      if (dueMs === undefined) continue;
      // The index may be early. Noted again, the key comes up in its true place among the others.
      if (dueMs > due.dueMs) timers.note(key, dueMs);
      else this.#fire(entry, entry.state, dueMs, offset);
    }
  }

  #fire(entry: CachedState<State>, state: State, dueMs: number, offset: number): void {
    let transition: Transition<State>;
    try {
      transition = this.#target.fold.onTimer(state, entry.key, dueMs);
    } catch (thrown) {
      throw toAppError(thrown, 'FS_FOLD_FAILED', `The timer of ${entry.key} due at ${dueMs} threw`);
    }
    const nextMs = this.#target.fold.dueAt(transition.state);
    if (nextMs !== undefined && nextMs <= dueMs && transition.ended !== true) {
      throw new AppError('FS_FOLD_FAILED', `The timer of ${entry.key} due at ${dueMs} is due again at ${nextMs}`);
    }
    this.#counts.timersFired += 1;
    this.#apply(entry, transition, nextMs, offset);
  }

  #foldRecord(record: LogRecord, decoded: Decoded<Input> | undefined): void {
    if (decoded === undefined) return;
    switch (decoded.kind) {
      case 'tick':
        this.#counts.ticks += 1;
        return;
      case 'poison':
        this.#counts.undecodable += 1;
        this.#bury(record, 'decode', decoded.detail);
        return;
      case 'input':
        this.#step(record, decoded.key, decoded.input);
    }
  }

  #step(record: LogRecord, key: string, input: Input): void {
    const { fold, cache } = this.#target;
    const entry = cache.get(key);
    if (entry === undefined) throw new AppError('FS_INTERNAL', `The state of ${key} was not read before its fold`);
    const { partition, offset, timestampMs: nowMs } = record;
    let transition: Transition<State>;
    let nextMs: number | undefined;
    try {
      transition = fold.step(entry.state ?? fold.initial(key), input, { partition, offset, nowMs });
      nextMs = fold.dueAt(transition.state);
      assertWritable(transition);
    } catch (thrown) {
      this.#counts.foldFailures += 1;
      this.#bury(record, 'fold', toMessage(thrown));
      return;
    }
    this.#apply(entry, transition, nextMs, offset);
  }

  #apply(entry: CachedState<State>, transition: Transition<State>, nextMs: number | undefined, offset: number): void {
    const ended = transition.ended === true;
    this.#target.cache.change(entry, ended ? undefined : transition.state);
    if (nextMs !== undefined && !ended) this.#target.timers.note(entry.key, nextMs);
    for (const output of transition.outputs) this.#emit(output, output.value?.length ?? 0, offset);
  }

  #bury(record: LogRecord, step: 'decode' | 'fold', detail: string): void {
    const reason = step === 'decode' ? 'FS_RECORD_UNDECODABLE' : 'FS_FOLD_FAILED';
    const { deadLetterTopic, inputTopic } = this.#target;
    const letter = toDeadLetter(deadLetterTopic, inputTopic, record, { reason, step, detail });
    this.#emit(letter, letter.value?.length ?? 0, record.offset);
  }

  #emit(output: SinkRecord, sizeBytes: number, offset: number): void {
    if (offset < this.#writeFrom) {
      this.#counts.suppressedOutputs += 1;
      return;
    }
    this.#outputs.push(output);
    this.#outputBytes += sizeBytes;
  }
}

function assertWritable<State>({ outputs }: Transition<State>): void {
  for (const { topic, value } of outputs) {
    if (value === null) continue;
    // A UTF-16 length is at most the UTF-8 length and at least a third of it, so most need no counting.
    if (value.length * 3 > maxOutputBytes && Buffer.byteLength(value) > maxOutputBytes) {
      throw new RangeError(`an output for ${topic} is larger than ${maxOutputBytes} bytes`);
    }
  }
}
