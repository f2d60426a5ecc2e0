import { type LogRecord } from '@fleetstream/kafka';
import { decodeTally, type Tally, tallyFold } from './tally-fold.ts';

/** What the outputs and states of the tally fold have to be: record by record, looking at every key each time. */
export function foldPlainly(records: readonly LogRecord[]): { states: Map<string, string>; outputs: string[] } {
  const states = new Map<string, Tally>();
  const disarmed = new Set<string>();
  const outputs: string[] = [];
  let logTimeMs = 0;
  for (const record of records) {
    logTimeMs = Math.max(logTimeMs, record.timestampMs);
    for (const key of [...states.keys()]) {
      for (let state = states.get(key); state !== undefined;) {
        const dueMs = tallyFold.dueAt(state);
        if (dueMs === undefined || dueMs > logTimeMs) break;
        if (disarmed.has(key)) break;
        if (state.failTimers === true) {
          disarmed.add(key);
          outputs.push('null');
          break;
        }
        const fired = tallyFold.onTimer(state, key, dueMs);
        outputs.push(...fired.outputs.map(({ value }) => String(value)));
        state = fired.state;
        states.set(key, state);
      }
    }
    const decoded = decodeTally(record);
    if (decoded.kind === 'tick') continue;
    if (decoded.kind === 'poison' || decoded.input.fail === true) {
      outputs.push(record.value?.toString('utf8') ?? '');
      continue;
    }
    const { key, input } = decoded;
    const at = { partition: record.partition, offset: record.offset, nowMs: record.timestampMs };
    const { state, outputs: written, ended } = tallyFold.step(states.get(key) ?? tallyFold.initial(key), input, at);
    if (ended === true) states.delete(key);
    else states.set(key, state);
    disarmed.delete(key);
    outputs.push(...written.map(({ value }) => String(value)));
  }
  const encoded = [...states].map(([key, state]): [string, string] => [key, tallyFold.encodeState(state)]);
  return { states: new Map(encoded), outputs };
}
