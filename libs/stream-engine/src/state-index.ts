import { type Fold } from '@fleetstream/kernel';
import { type IndexRow, type StateStore } from '@fleetstream/state-store';
import { type StateReader, toStateText } from './state-value.ts';

/**
 * What lists are made from without reading whole states: a short text for each key, kept in the store and written in
 * the batch of its state, so that it is as exact as the states and travels with checkpoints.
 */
export interface StateIndex<State> {
  /** 1 to 255, raised when rows change their meaning: then they are written anew as the store opens. */
  readonly version: number;
  /** Equal states give equal rows; a row that changes seldom is written seldom. */
  rowOf(state: State): string;
}

const rowsPerBatch = 1000;

/**
 * Writes the row of every stored state, for a store from before the index or with another version of it. The version
 * comes with the last batch, so whoever is killed meanwhile begins again.
 *
 * @returns how many rows
 */
export async function rebuildIndex<State>(
  store: StateStore,
  fold: StateReader & Pick<Fold<State, never>, 'decodeState'>,
  index: StateIndex<State>,
): Promise<number> {
  const { appliedOffset, logTimeMs } = store;
  const write = (rows: readonly IndexRow[], version: number) =>
    store.write({ puts: [], deletes: [], timers: [], index: { version, rows }, appliedOffset, logTimeMs });
  const snapshot = await store.snapshot();
  let rows: IndexRow[] = [];
  let count = 0;
  try {
    for await (const { key, value } of snapshot.entries()) {
      rows.push({ key, row: index.rowOf(fold.decodeState(toStateText(fold, value))) });
      count += 1;
      if (rows.length < rowsPerBatch) continue;
      await write(rows, 0);
      rows = [];
    }
  } finally {
    await snapshot.release();
  }
  await write(rows, index.version);
  return count;
}
