import { type LogRecord } from '@fleetstream/kafka';
import { type StateBatch, type StateStore } from '@fleetstream/state-store';
import { type StreamEngineOptions } from './engine-options.ts';
import { foldRecords, type FoldTarget } from './fold-records.ts';
import { StateCache } from './state-cache.ts';
import { toStateValue } from './state-value.ts';
import { TimerIndex } from './timer-index.ts';

export interface RefoldRange {
  /** Of the store's `appliedOffset` up to `untilOffset`, in order. */
  readonly records: AsyncIterable<LogRecord>;
  readonly untilOffset: number;
  /** Awaited before so many records are folded. */
  readonly before?: (records: number) => Promise<void>;
}

const recordsAtOnce = 500;
const dirtyMax = 5000;

/**
 * Folds a stretch of the log into a store that nobody else uses, and writes no outputs: the state comes out as an engine
 * would have it there. Timers fire before the records that they belong to, none after the last.
 */
export async function refoldTo<State, Input>(
  options: Pick<
    StreamEngineOptions<State, Input>,
    'fold' | 'prepare' | 'decode' | 'inputTopic' | 'deadLetterTopic' | 'limits'
  >,
  store: StateStore,
  { records, untilOffset, before }: RefoldRange,
): Promise<void> {
  const { fold, prepare, decode, inputTopic, deadLetterTopic, limits } = options;
  const timers = new TimerIndex(store, limits.timerWindow);
  const cache = new StateCache<State>(fold, store, limits, timers);
  const target: FoldTarget<State, Input> = {
    ...{ fold, decode, cache, timers, inputTopic, deadLetterTopic },
    ...(prepare === undefined ? {} : { prepare }),
  };
  // Keys that are disarmed must be known before the first state is read.
  await timers.readOn(store.logTimeMs);
  let { logTimeMs } = store;
  const foldBatch = async (batch: readonly LogRecord[]): Promise<void> => {
    await before?.(batch.length);
    ({ logTimeMs } = await foldRecords(target, batch, { logTimeMs, writeFrom: Number.POSITIVE_INFINITY }));
  };
  const write = async (appliedOffset: number): Promise<void> => {
    const batch = toBatch(fold, cache, { timers: timers.changes(), appliedOffset, logTimeMs });
    await store.write(batch);
    timers.noteStored();
    cache.clean(batch.puts.map(({ value }) => value.length));
    cache.shrink();
  };
  let batch: LogRecord[] = [];
  for await (const record of records) {
    batch.push(record);
    if (batch.length < recordsAtOnce) continue;
    await foldBatch(batch);
    batch = [];
    if (cache.dirtyCount >= dirtyMax) await write(record.offset + 1);
  }
  if (batch.length > 0) await foldBatch(batch);
  await write(untilOffset);
}

function toBatch<State, Input>(
  fold: StreamEngineOptions<State, Input>['fold'],
  cache: StateCache<State>,
  rest: Pick<StateBatch, 'timers' | 'appliedOffset' | 'logTimeMs'>,
): StateBatch {
  const puts: { key: string; value: Buffer }[] = [];
  const deletes: string[] = [];
  for (const { key, state } of cache.dirty()) {
    if (state === undefined) deletes.push(key);
    else puts.push({ key, value: toStateValue(fold.stateVersion, fold.encodeState(state)) });
  }
  return { puts, deletes, ...rest };
}
