import { type AppliedPosition, type StateBatch, type StoredTimer, type TimerChange } from '@fleetstream/state-store';

/** A stored state; never changed in place, so that copies and snapshots keep what they were made of. */
export interface StoredState extends AppliedPosition {
  readonly states: ReadonlyMap<string, Buffer>;
  /** Soonest first. */
  readonly timers: readonly StoredTimer[];
  readonly rows: ReadonlyMap<string, string>;
  readonly indexVersion: number;
}

/** What one machine keeps on its disk, by folder. */
export type MemoryDisk = Map<string, StoredState>;

export const emptyState: StoredState = {
  ...{ states: new Map(), timers: [], rows: new Map() },
  ...{ indexVersion: 0, appliedOffset: 0, logTimeMs: 0 },
};

export function applyBatch(stored: StoredState, batch: StateBatch): StoredState {
  const states = new Map(stored.states);
  const rows = new Map(stored.rows);
  for (const { key, value } of batch.puts) states.set(key, Buffer.from(value));
  for (const key of batch.deletes) states.delete(key);
  for (const { key, row } of batch.index?.rows ?? []) {
    if (row === undefined) rows.delete(key);
    else rows.set(key, row);
  }
  const timers = changeTimers(stored.timers, batch.timers);
  const { appliedOffset, logTimeMs } = batch;
  return { states, timers, rows, indexVersion: batch.index?.version ?? stored.indexVersion, appliedOffset, logTimeMs };
}

function changeTimers(stored: readonly StoredTimer[], changes: readonly TimerChange[]): StoredTimer[] {
  const timers = new Map(stored.map((timer) => [`${timer.dueMs} ${timer.key}`, timer]));
  for (const { key, dueMs, isSet } of changes) {
    if (isSet) timers.set(`${dueMs} ${key}`, { key, dueMs });
    else timers.delete(`${dueMs} ${key}`);
  }
  return [...timers.values()].sort((a, b) => a.dueMs - b.dueMs || (a.key < b.key ? -1 : 1));
}

/** The files that a state is made of, by name: buckets of states, and `CURRENT` with the rest, the last. */
export function toFiles(state: StoredState): [name: string, text: string][] {
  const buckets: [string, string][][] = [[], [], []];
  for (const [key, value] of state.states) {
    buckets[key.charCodeAt(key.length - 1) % buckets.length]?.push([key, value.toString('latin1')]);
  }
  const { appliedOffset, logTimeMs, indexVersion } = state;
  const rest = { timers: state.timers, rows: [...state.rows], indexVersion, appliedOffset, logTimeMs };
  return [
    ...buckets.map((bucket, index): [string, string] => [`${index}.sst`, JSON.stringify(bucket)]),
    ['CURRENT', JSON.stringify(rest)],
  ];
}

/** A state from some of its files; without `CURRENT` it stands nowhere. */
export function fromFiles(files: Iterable<readonly [name: string, text: string]>): StoredState {
  const states = new Map<string, Buffer>();
  let state = emptyState;
  for (const [name, text] of files) {
    if (name === 'CURRENT') {
      const { timers, rows, ...rest } = JSON.parse(text) as {
        timers: StoredTimer[];
        rows: [string, string][];
        indexVersion: number;
        appliedOffset: number;
        logTimeMs: number;
      };
      state = { ...rest, states, timers, rows: new Map(rows) };
    } else {
      for (const [key, value] of JSON.parse(text) as [string, string][]) states.set(key, Buffer.from(value, 'latin1'));
    }
  }
  return { ...state, states };
}
