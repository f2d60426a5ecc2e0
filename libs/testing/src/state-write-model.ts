import { type StateBatch, type StateSnapshot, type StoredTimer } from '@fleetstream/state-store';

/**
 * A history of batches that a test can compute again: batch `n` is a function of `n`, so the content at any applied
 * offset is known without having been kept.
 */
export interface WriteModel {
  /** The batch that leads to applied offset `offset`. */
  batch(offset: number): StateBatch;
  /** The content at an offset. Asked for rising offsets it goes on from the last one. */
  contentAt(offset: number): ReadonlyMap<string, string>;
  /** The timers at an offset, soonest first: those that the last batches have set. */
  timersAt(offset: number): StoredTimer[];
}

export interface WriteModelOptions {
  readonly seed: number;
  readonly keyCount: number;
  readonly keysPerBatch: number;
  readonly valueBytes: number;
}

/** A timer goes so many batches after it was set. */
const timerBatches = 50;
const timersPerBatch = 10;

export function createWriteModel({ seed, keyCount, keysPerBatch, valueBytes }: WriteModelOptions): WriteModel {
  const changes = (offset: number): Map<string, string | undefined> => {
    const random = createRandom(seed ^ Math.imul(offset, 2246822519));
    const changed = new Map<string, string | undefined>();
    for (let index = 0; index < keysPerBatch; index++) {
      const key = `robot-${Math.floor(random() * keyCount)}`;
      // One in twenty is deleted. The value says whose and when it is, so that none can stand for another.
      const value = `${key}@${offset}:`.padEnd(valueBytes, String(offset % 10));
      changed.set(key, random() < 0.05 ? undefined : value);
    }
    return changed;
  };
  const timersOf = (offset: number): StoredTimer[] => {
    if (offset <= 0) return [];
    const keys = Array.from({ length: timersPerBatch }, (_, index) => `robot-${(offset * 31 + index * 7) % keyCount}`);
    return [...new Set(keys)].sort().map((key) => ({ key, dueMs: offset }));
  };
  let content = new Map<string, string>();
  let reached = 0;
  return {
    batch(offset) {
      const all = [...changes(offset)];
      return {
        puts: all.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: Buffer.from(value) }])),
        deletes: all.flatMap(([key, value]) => (value === undefined ? [key] : [])),
        timers: [
          ...timersOf(offset - timerBatches).map((timer) => ({ ...timer, isSet: false })),
          ...timersOf(offset).map((timer) => ({ ...timer, isSet: true })),
        ],
        appliedOffset: offset,
        logTimeMs: offset * 1_000,
      };
    },
    timersAt(offset) {
      return Array.from({ length: timerBatches }, (_, index) => timersOf(offset - timerBatches + 1 + index)).flat();
    },
    contentAt(offset) {
      if (offset < reached) {
        content = new Map();
        reached = 0;
      }
      for (; reached < offset; reached++) {
        for (const [key, value] of changes(reached + 1)) {
          if (value === undefined) content.delete(key);
          else content.set(key, value);
        }
      }
      return content;
    },
  };
}

/** What differs between a snapshot and the content that its own offset asks for; at most ten sentences. */
export async function findDifferences(snapshot: StateSnapshot, model: WriteModel): Promise<string[]> {
  const missing = new Map(model.contentAt(snapshot.appliedOffset));
  const differences: string[] = [];
  for await (const { key, value } of snapshot.entries()) {
    const expected = missing.get(key);
    if (expected !== value.toString()) differences.push(`${key}: ${value.toString().slice(0, 30)}, not ${expected}`);
    missing.delete(key);
  }
  differences.push(...[...missing.keys()].map((key) => `${key} is missing`));
  if (snapshot.logTimeMs !== snapshot.appliedOffset * 1_000) differences.push(`log time ${snapshot.logTimeMs}`);
  return differences.slice(0, 10);
}

/** xorshift32: the same numbers for the same seed, everywhere. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
