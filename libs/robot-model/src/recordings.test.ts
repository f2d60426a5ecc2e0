import { decodeFleetRecord, parseRobotEvent } from '@fleetstream/contracts';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createRobotFold } from './robot-fold.ts';
import { defaultRobotRules } from './robot-rules.ts';

/** Recordings of real robots are not part of the project; where they lie beside it, the model must make sense of them. */
const file = fileURLToPath(
  new URL(
    '../../../../shared/data/orbis-agv-sessions/production-wr-agv2-b-agv1-clean_20260513_135600.log',
    import.meta.url,
  ),
);
const present = existsSync(file);
if (!present) console.warn(`skipped: no recording of real robots at ${file}`);

interface Line {
  readonly topic: string;
  readonly payload: string;
  readonly timestamp: string;
}

it.skipIf(!present)('the two collisions of a real robot are two alerts, and its duplicates count once', () => {
  const fold = createRobotFold(defaultRobotRules);
  let state = fold.initial('5iO4');
  const alerts: string[] = [];
  readLines().forEach(({ payload, timestamp }, offset) => {
    const message = JSON.parse(payload) as { headerId: number };
    const raw = { type: 'vda5050.state.v2', id: `5iO4-${message.headerId}`, data: message };
    const parsed = parseRobotEvent(raw, { robotId: '5iO4', fallbackId: 'f' });
    if (parsed.kind !== 'event') expect.unreachable(parsed.detail);
    const value = Buffer.from(JSON.stringify(parsed.event));
    const decoded = decodeFleetRecord({ value, key: '5iO4', contentType: 'application/cloudevents+json' });
    if (decoded.kind !== 'input') expect.unreachable(decoded.kind);
    const nowMs = Date.parse(timestamp);
    const due = fold.dueAt(state);
    if (due !== undefined && due <= nowMs) state = fold.onTimer(state, '5iO4', due).state;
    const step = fold.step(state, decoded.input, { partition: 0, offset, nowMs });
    state = step.state;
    for (const output of step.outputs) {
      const { data } = JSON.parse(output.value ?? '') as { data: { alert?: string; code?: string } };
      if (data.alert?.startsWith('error') === true) alerts.push(`${data.alert} ${data.code ?? ''}`);
    }
  });
  const raised = 'error-raised COLLISION';
  const cleared = 'error-cleared COLLISION';
  expect(alerts).toEqual([raised, cleared, raised, cleared]);
  expect(state.counters.events + state.counters.duplicates).toBe(144);
  expect(state.conformance).toMatchObject({ dialect: 'vda5050', messages: state.counters.events });
  expect(state.conformance?.averageMilli).toBeGreaterThan(20_000);
  // Its clock is 46 s ahead of the receiver's.
  expect(Math.round((state.clockOffsetMs ?? 0) / 1_000)).toBe(-46);
});

function readLines(): Line[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(1);
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ topic }) => topic === 'fts/v1/ff/5iO4/state');
}
