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
  let encoded: Map<string, string> | undefined;
  let logTimeMs = 0;
  for await (const record of records) {
    if (record.offset >= options.statesAt) encoded ??= encodeAll(options.fold, states);
    if (record.offset >= Math.max(options.statesAt, options.outputsUntil)) break;
    logTimeMs = Math.max(logTimeMs, record.timestampMs);
    const emitted = [
      ...fireDue(options.fold, states, logTimeMs),
      ...foldRecord(options.fold, states, record, options.decode(record), poison, options.outputsUntil),
    ];
    if (record.offset >= options.outputsUntil) continue;
    outputs.push(...emitted.map((output) => ({ ...output, partition: record.partition })));
  }
  return { states: encoded ?? encodeAll(options.fold, states), outputs, poison };
}

function foldRecord<State, Input>(
  fold: Fold<State, Input>,
  states: Map<string, State>,
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
    return outputs;
  } catch {
    // A record on which the model throws leaves the state alone and must be found among the dead letters.
    if (record.offset < outputsUntil) poison.push(record);
    return [];
  }
}

/** Looks at every key for every record: slow, and nothing that could be out of order. */
function fireDue<State, Input>(fold: Fold<State, Input>, states: Map<string, State>, logTimeMs: number): FoldOutput[] {
  const outputs: FoldOutput[] = [];
  for (const [key, state] of states) {
    let current = state;
    let ended = false;
    for (let due = fold.dueAt(current); !ended && due !== undefined && due <= logTimeMs; due = fold.dueAt(current)) {
      const fired = fold.onTimer(current, key, due);
      current = fired.state;
      ended = fired.ended === true;
      outputs.push(...fired.outputs);
    }
    if (ended) states.delete(key);
    else if (current !== state) states.set(key, current);
  }
  return outputs;
}

function encodeAll<State, Input>(fold: Fold<State, Input>, states: Map<string, State>): Map<string, string> {
  return new Map([...states].map(([key, state]) => [key, fold.encodeState(state)]));
}
