import { type Decoded, type Fold, type FoldOutput } from '@fleetstream/kernel';
import { type OracleRecord } from './log-record.ts';

export interface ExpectedOutput extends FoldOutput {
  readonly partition: number;
}

export interface FoldedPartition {
  /** Encoded states as of `statesAt`, by key. */
  readonly states: ReadonlyMap<string, string>;
  /** Every output of records before `outputsUntil`, in no order that matters. */
  readonly outputs: readonly ExpectedOutput[];
  /** The records that must be in the dead-letter topic, untouched. */
  readonly poison: readonly OracleRecord[];
  /** The timers that must be there. */
  readonly poisonTimers: readonly { readonly partition: number; readonly key: string; readonly dueMs: number }[];
}

export interface FoldPartitionOptions<State, Input> {
  readonly fold: Fold<State, Input>;
  readonly decode: (record: OracleRecord) => Decoded<Input>;
  /** Next offset that the compared states have not folded. */
  readonly statesAt: number;
  /** Next offset that the compared outputs have not covered: the committed offset. */
  readonly outputsUntil: number;
}

/**
 * Folds one partition's history the plain way: one record at a time, all in memory, no batches, no cache, no heap,
 * no recovery. What the engine does in a cleverer way must come to the same.
 */
export async function foldPartition<State, Input>(
  records: AsyncIterable<OracleRecord>,
  options: FoldPartitionOptions<State, Input>,
): Promise<FoldedPartition> {
  const states = new Map<string, State>();
  const outputs: ExpectedOutput[] = [];
  const poison: OracleRecord[] = [];
  const poisonTimers: { partition: number; key: string; dueMs: number }[] = [];
  const disarmed = new Set<string>();
  let encoded: Map<string, string> | undefined;
  let logTimeMs = 0;
  for await (const record of records) {
    if (record.offset >= options.statesAt) encoded ??= encodeAll(options.fold, states);
    if (record.offset >= Math.max(options.statesAt, options.outputsUntil)) break;
    logTimeMs = Math.max(logTimeMs, record.timestampMs);
    const emitted = [
      ...fireDue(options.fold, states, disarmed, logTimeMs, (key, dueMs) => {
        if (record.offset < options.outputsUntil) poisonTimers.push({ partition: record.partition, key, dueMs });
      }),
      ...foldRecord(options.fold, { states, disarmed }, record, options.decode(record), poison, options.outputsUntil),
    ];
    if (record.offset >= options.outputsUntil) continue;
    outputs.push(...emitted.map((output) => ({ ...output, partition: record.partition })));
  }
  return { states: encoded ?? encodeAll(options.fold, states), outputs, poison, poisonTimers };
}

function foldRecord<State, Input>(
  fold: Fold<State, Input>,
  { states, disarmed }: { readonly states: Map<string, State>; readonly disarmed: Set<string> },
  record: OracleRecord,
  decoded: Decoded<Input>,
  poison: OracleRecord[],
  outputsUntil: number,
): readonly FoldOutput[] {
  if (decoded.kind === 'tick') return [];
  if (decoded.kind === 'poison') {
    if (record.offset < outputsUntil) poison.push(record);
    return [];
  }
  const at = { partition: record.partition, offset: record.offset, nowMs: record.timestampMs };
  try {
    const { state, outputs, ended } = fold.step(
      states.get(decoded.key) ?? fold.initial(decoded.key),
      decoded.input,
      at,
    );
    if (ended === true) states.delete(decoded.key);
    else states.set(decoded.key, state);
    disarmed.delete(decoded.key);
    return outputs;
  } catch {
    // A record on which the model throws leaves the state alone and must be found among the dead letters.
    if (record.offset < outputsUntil) poison.push(record);
    return [];
  }
}

/** Looks at every key for every record: slow, and nothing that could be out of order. */
function fireDue<State, Input>(
  fold: Fold<State, Input>,
  states: Map<string, State>,
  disarmed: Set<string>,
  logTimeMs: number,
  onPoison: (key: string, dueMs: number) => void,
): FoldOutput[] {
  const outputs: FoldOutput[] = [];
  for (const key of [...states.keys()]) {
    for (let state = states.get(key); state !== undefined && !disarmed.has(key); state = states.get(key)) {
      const due = fold.dueAt(state);
      if (due === undefined || due > logTimeMs) break;
      const fired = fireOne(fold, state, key, due);
      if (fired === undefined) {
        disarmed.add(key);
        onPoison(key, due);
        break;
      }
      outputs.push(...fired.outputs);
      if (fired.ended === true) states.delete(key);
      else states.set(key, fired.state);
    }
  }
  return outputs;
}

/** `undefined` for a timer that throws or doesn't move on: its key has none until its next record. */
function fireOne<State>(fold: Fold<State, never>, state: State, key: string, dueMs: number) {
  try {
    const fired = fold.onTimer(state, key, dueMs);
    const next = fold.dueAt(fired.state);
    return fired.ended !== true && next !== undefined && next <= dueMs ? undefined : fired;
  } catch {
    return undefined;
  }
}

function encodeAll<State, Input>(fold: Fold<State, Input>, states: Map<string, State>): Map<string, string> {
  return new Map([...states].map(([key, state]) => [key, fold.encodeState(state)]));
}
