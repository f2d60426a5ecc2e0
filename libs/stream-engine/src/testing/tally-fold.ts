import { type LogRecord } from '@fleetstream/kafka';
import { type Decoded, type Fold, type FoldOutput } from '@fleetstream/kernel';

/** Counts what a key gets, and fires a timer that a `arm` input set and that repeats twice. */
export interface Tally {
  readonly count: number;
  readonly sum: number;
  readonly lastMs: number;
  readonly fired: number;
  readonly dueMs: number | null;
  /** Its timers throw. */
  readonly failTimers?: boolean;
  /** Of the inputs that carry one: a number that is not higher was folded already. */
  readonly seq?: number;
}

export interface TallyInput {
  readonly add: number;
  readonly armMs?: number;
  readonly fail?: boolean;
  /** Lets the key's timers throw from here on, or no more. */
  readonly failTimers?: boolean;
  /** Ends the key's state. */
  readonly end?: boolean;
  readonly seq?: number;
}

/** A fold that does everything an engine must get right: state, outputs, timers that repeat, steps that throw. */
export const tallyFold: Fold<Tally, TallyInput> = {
  name: 'tally',
  stateVersion: 1,
  initial: () => ({ count: 0, sum: 0, lastMs: 0, fired: 0, dueMs: null }),
  step: (state, input, { partition, offset, nowMs }) => {
    if (input.fail === true) throw new RangeError('told to fail');
    if (input.end === true) return { state, outputs: [{ topic: 'outputs', key: 'ended', value: null }], ended: true };
    if (input.seq !== undefined && input.seq <= (state.seq ?? 0)) return { state, outputs: [] };
    const lastMs = Math.max(state.lastMs, nowMs);
    const next: Tally = {
      count: state.count + 1,
      sum: state.sum + input.add,
      lastMs,
      fired: state.fired,
      dueMs: input.armMs === undefined ? state.dueMs : lastMs + input.armMs,
      ...((input.failTimers ?? state.failTimers === true) ? { failTimers: true } : {}),
      ...(input.seq === undefined && state.seq === undefined ? {} : { seq: input.seq ?? state.seq ?? 0 }),
    };
    const outputs: FoldOutput[] =
      next.sum % 2 === 0 ? [toOutput(String(partition), `${partition}-${offset}-0`, next.sum)] : [];
    return { state: next, outputs };
  },
  dueAt: (state) => state.dueMs ?? undefined,
  onTimer: (state, key, dueMs) => {
    if (state.failTimers === true) throw new RangeError(`told to fail at ${dueMs}`);
    const fired = state.fired + 1;
    const next: Tally = { ...state, fired, dueMs: fired % 3 === 0 ? null : dueMs + 40 };
    return { state: next, outputs: [toOutput(key, `${key}@${dueMs}-0`, fired)] };
  },
  encodeState: (state) => JSON.stringify(state),
  decodeState: (text) => JSON.parse(text) as Tally,
};

function toOutput(key: string, id: string, number: number): FoldOutput {
  return { topic: 'outputs', key, value: JSON.stringify({ id, number }) };
}

export function decodeTally(record: LogRecord): Decoded<TallyInput> {
  const text = record.value?.toString('utf8') ?? '';
  if (text === 'tick') return { kind: 'tick' };
  if (!text.startsWith('{')) return { kind: 'poison', reason: 'FS_RECORD_UNDECODABLE', detail: 'not an object' };
  return { kind: 'input', key: record.key?.toString('utf8') ?? '', input: JSON.parse(text) as TallyInput };
}
