import { type LogRecord, type SinkRecord } from '@fleetstream/kafka';
import { AppError, type Decoded, type Fold, toMessage, type Transition } from '@fleetstream/kernel';
import { toDeadLetter, toTimerDeadLetter } from './dead-letter.ts';
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
    timerFailures: 0,
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

  /**
   * A record is decoded right before it is folded, so that what decoding makes dies young. Which states to read ahead
   * is told by the records' keys: they are the keys of the states, except for records that aren't what they should be.
   */
  async fold(records: readonly LogRecord[]): Promise<void> {
    const { prepare, decode, timers } = this.#target;
    if (prepare !== undefined) await prepare(records);
    const entries = await this.#loadFor(records);
    for (let index = 0; index < records.length; index += 1) {
      const record = records[index];
      if (record === undefined) return;
      if (record.timestampMs > this.#logTimeMs) this.#logTimeMs = record.timestampMs;
      if (timers.mayBeDue(this.#logTimeMs)) await this.#fireTimers(record);
      this.#counts.records += 1;
      const decoded = decode(record);
      if (decoded.kind === 'input') {
        const likely = entries[index];
        const entry = likely?.key === decoded.key ? likely : await this.#entryOf(decoded.key);
        this.#step(record, entry, decoded.input);
      } else this.#passOver(record, decoded);
    }
  }

  /** One read for everything that the records and the timers before them are likely to need. */
  async #loadFor(records: readonly LogRecord[]): Promise<readonly (CachedState<State> | undefined)[]> {
    const { cache, timers } = this.#target;
    const keys: (Buffer | null)[] = [];
    let untilMs = this.#logTimeMs;
    for (const { key, timestampMs } of records) {
      keys.push(key);
      if (timestampMs > untilMs) untilMs = timestampMs;
    }
    const { entries, misses } = await cache.loadAll(keys);
    this.#counts.cacheMisses += misses;
    this.#counts.cacheHits += keys.length - misses;
    if (timers.mayBeDue(untilMs)) {
      await timers.readOn(untilMs);
      await cache.load(timers.peekDueKeys(untilMs, dueKeysPerRead));
    }
    return entries;
  }

  async #entryOf(key: string): Promise<CachedState<State>> {
    const { cache } = this.#target;
    if (cache.get(key) === undefined) await cache.load([key]);
    const entry = cache.get(key);
    if (entry === undefined) throw new AppError('FS_INTERNAL', `The state of ${key} was not read before its fold`);
    return entry;
  }

  async #fireTimers(before: LogRecord): Promise<void> {
    const { fold, cache, timers } = this.#target;
    for (;;) {
      const due = timers.take(this.#logTimeMs);
      if (due === undefined) {
        if (await timers.readOn(this.#logTimeMs)) continue;
        return;
      }
      const { key } = due;
      let entry = cache.get(key);
      if (entry === undefined) {
        await cache.load([key, ...timers.peekDueKeys(this.#logTimeMs, dueKeysPerRead)]);
        entry = cache.get(key);
      }
      if (entry === undefined) continue;
      entry.notedMs = undefined;
      if (entry.state === undefined || timers.isDisarmed(key)) continue;
      const dueMs = fold.dueAt(entry.state);
      if (dueMs === undefined) continue;
      // The index may be early. Noted again, the key comes up in its true place among the others.
      if (dueMs > due.dueMs) {
        timers.note(key, dueMs);
        entry.notedMs = dueMs;
      } else this.#fire(entry, entry.state, dueMs, before);
    }
  }

  /**
   * A timer that throws has no record to put aside: it becomes a dead letter itself, and its state, left as it was, has
   * no timer until the key's next record. Where in the key's history that is doesn't depend on when it was noticed.
   */
  #fire(entry: CachedState<State>, state: State, dueMs: number, before: LogRecord): void {
    const { fold, timers, cache } = this.#target;
    let transition: Transition<State>;
    let nextMs: number | undefined;
    try {
      transition = fold.onTimer(state, entry.key, dueMs);
      nextMs = fold.dueAt(transition.state);
      if (nextMs !== undefined && nextMs <= dueMs && transition.ended !== true) {
        throw new RangeError(`it is due again at ${nextMs}`);
      }
      assertWritable(transition);
    } catch (thrown) {
      this.#counts.timerFailures += 1;
      timers.disarm(entry.key);
      cache.change(entry, state);
      this.#buryTimer(before, entry.key, dueMs, toMessage(thrown));
      return;
    }
    this.#counts.timersFired += 1;
    this.#apply(entry, transition, nextMs, before.offset);
  }

  #passOver(record: LogRecord, decoded: Exclude<Decoded<Input>, { readonly kind: 'input' }>): void {
    if (decoded.kind === 'tick') {
      this.#counts.ticks += 1;
      return;
    }
    this.#counts.undecodable += 1;
    this.#bury(record, 'decode', decoded.detail);
  }

  #step(record: LogRecord, entry: CachedState<State>, input: Input): void {
    const { fold } = this.#target;
    const { partition, offset, timestampMs: nowMs } = record;
    let transition: Transition<State>;
    let nextMs: number | undefined;
    try {
      transition = fold.step(entry.state ?? fold.initial(entry.key), input, { partition, offset, nowMs });
      nextMs = fold.dueAt(transition.state);
      assertWritable(transition);
    } catch (thrown) {
      this.#counts.foldFailures += 1;
      this.#bury(record, 'fold', toMessage(thrown));
      return;
    }
    if (this.#target.timers.rearm(entry.key)) entry.notedMs = undefined;
    this.#apply(entry, transition, nextMs, offset);
  }

  #apply(entry: CachedState<State>, transition: Transition<State>, nextMs: number | undefined, offset: number): void {
    const ended = transition.ended === true;
    this.#target.cache.change(entry, ended ? undefined : transition.state);
    // Most records push a timer further out, which the index, a lower bound, need not be told.
    if (nextMs !== undefined && !ended && !(entry.notedMs !== undefined && entry.notedMs <= nextMs)) {
      this.#target.timers.note(entry.key, nextMs);
      entry.notedMs = nextMs;
    }
    for (const output of transition.outputs) this.#emit(output, output.value?.length ?? 0, offset);
  }

  #bury(record: LogRecord, step: 'decode' | 'fold', detail: string): void {
    const reason = step === 'decode' ? 'FS_RECORD_UNDECODABLE' : 'FS_FOLD_FAILED';
    const { deadLetterTopic, inputTopic } = this.#target;
    const letter = toDeadLetter(deadLetterTopic, inputTopic, record, { reason, step, detail });
    this.#emit(letter, letter.value?.length ?? 0, record.offset);
  }

  #buryTimer(before: LogRecord, key: string, dueMs: number, detail: string): void {
    const { deadLetterTopic, inputTopic } = this.#target;
    this.#emit(toTimerDeadLetter(deadLetterTopic, inputTopic, before, { key, dueMs, detail }), 0, before.offset);
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
