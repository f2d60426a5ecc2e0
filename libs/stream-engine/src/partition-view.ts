import { AppError, type Fold } from '@fleetstream/kernel';
import { type IndexRow, type StateSnapshot } from '@fleetstream/state-store';
import { type AsOf, type PartitionSnapshot } from './partition-status.ts';
import { type StateIndex } from './state-index.ts';
import { toStateText } from './state-value.ts';

export interface PartitionViewParts<State> {
  readonly asOf: AsOf;
  readonly fold: Pick<Fold<State, never>, 'encodeState' | 'stateVersion' | 'upgrades'>;
  readonly index: StateIndex<State> | undefined;
  readonly stored: StateSnapshot;
  /** What changed since `stored`, up to `asOf`; `undefined` for a state that ended. States are values, so none moves on. */
  readonly changed: ReadonlyMap<string, State | undefined>;
}

/**
 * A partition as of one offset: a snapshot of its store, and above it what memory had changed since. Making one costs
 * neither a commit nor a batch, and folding goes on while it is read. Keys are compared by their UTF-16 units, which is
 * the store's order for ASCII.
 */
export class PartitionView<State> implements PartitionSnapshot {
  readonly #parts: PartitionViewParts<State>;

  constructor(parts: PartitionViewParts<State>) {
    this.#parts = parts;
  }

  get asOf(): AsOf {
    return this.#parts.asOf;
  }

  async *entries(): AsyncGenerator<{ readonly key: string; readonly stateText: string }, void, undefined> {
    const { stored, changed, fold } = this.#parts;
    for await (const { key, value } of overlaid(stored.entries(), changed, undefined)) {
      yield { key, stateText: value instanceof Buffer ? toStateText(fold, value) : fold.encodeState(value as State) };
    }
  }

  async *rows(afterKey: string | undefined): AsyncGenerator<IndexRow, void, undefined> {
    const { stored, changed, index } = this.#parts;
    if (index === undefined) throw new AppError('FS_INTERNAL', 'This engine keeps no index');
    const rows = withValues(stored.rows(afterKey));
    for await (const { key, value } of overlaid(rows, changed, afterKey)) {
      yield { key, row: typeof value === 'string' ? value : index.rowOf(value) };
    }
  }

  async statesOf(keys: readonly string[]): Promise<(string | undefined)[]> {
    const { stored, changed, fold } = this.#parts;
    const values = await stored.getMany(keys);
    return keys.map((key, at) => {
      const state = changed.get(key);
      if (state !== undefined) return fold.encodeState(state);
      const value = values[at];
      return value === undefined || changed.has(key) ? undefined : toStateText(fold, value);
    });
  }

  async release(): Promise<void> {
    await this.#parts.stored.release();
  }
}

async function* withValues(
  rows: AsyncIterable<IndexRow>,
): AsyncGenerator<{ readonly key: string; readonly value: string }, void, undefined> {
  for await (const { key, row } of rows) yield { key, value: row };
}

/** Both in key order; where both have a key, what changed is right. */
async function* overlaid<Stored, State>(
  stored: AsyncIterable<{ readonly key: string; readonly value: Stored }>,
  changed: ReadonlyMap<string, State | undefined>,
  afterKey: string | undefined,
): AsyncGenerator<{ readonly key: string; readonly value: Stored | State }, void, undefined> {
  const keys = [...changed.keys()].filter((key) => afterKey === undefined || key > afterKey).sort();
  let at = 0;
  function* changedUpTo(limit: string | undefined): Generator<{ readonly key: string; readonly value: State }> {
    for (let key = keys[at]; key !== undefined && (limit === undefined || key <= limit); key = keys[++at]) {
      const value = changed.get(key);
      if (value !== undefined) yield { key, value };
    }
  }
  for await (const entry of stored) {
    yield* changedUpTo(entry.key);
    if (!changed.has(entry.key)) yield entry;
  }
  yield* changedUpTo(undefined);
}
