import { type LogRecord } from '@fleetstream/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPeerFold, decodePeerEvent, javaHash } from './peer-workload.ts';
import { scanPeerEvent } from './scan-peer-event.ts';

const event = {
  ...{ robotId: 'robot-045031', ts: 1_760_000_000_000, seq: 1, type: 'telemetry', battery: 42, status: 'moving' },
  ...{ pose: { x: 86.781, y: 64.071, theta: 1.237 }, site: 'site-31', fw: '2.14.4', pad: 'pqelbv' },
};

function record(text: string): LogRecord {
  const value = Buffer.from(text);
  return { ...{ partition: 0, offset: 0, timestampMs: 0, key: null, value }, contentType: undefined, headers: [] };
}

describe('createPeerFold', () => {
  it("emits the workload's own example, with the hash that is known of it", () => {
    const fold = createPeerFold('out');
    const at = { partition: 0, offset: 0, nowMs: 0 };
    const decoded = decodePeerEvent(record(JSON.stringify(event)));
    if (decoded.kind !== 'input') throw new Error('not an input');
    const { outputs } = fold.step(fold.initial(decoded.key), decoded.input, at);
    const text =
      '{"robotId":"robot-045031","ts":1760000000000,"from":null,"to":"moving","count":1,"batMin":42,"batMax":42}';
    expect(outputs.map(({ value }) => value)).toEqual([text]);
    expect(javaHash(text)).toBe(-567_984_750);
  });
});

describe('scanPeerEvent', () => {
  it('reads what JSON.parse reads, or leaves it to that', () => {
    const wanted = ['robotId', 'ts', 'type', 'battery', 'status'] as const;
    const fields = {
      robotId: fc.string(),
      ts: fc.nat(),
      type: fc.string(),
      battery: fc.integer(),
      status: fc.string(),
    };
    const rest = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 });
    fc.assert(
      fc.property(fc.record(fields), rest, fc.boolean(), (read, other, first) => {
        const text = JSON.stringify(first ? { ...read, ...other, ...read } : { ...other, ...read });
        const scanned = scanPeerEvent(text);
        if (scanned === undefined) return;
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect(scanned).toEqual(Object.fromEntries(wanted.map((name) => [name, parsed[name]])));
      }),
    );
  });

  it("reads the workload's own layout by itself", () => {
    const { robotId, ts, type, battery, status } = event;
    expect(scanPeerEvent(JSON.stringify(event))).toEqual({ robotId, ts, type, battery, status });
  });

  it.each([
    { name: 'white space', text: JSON.stringify(event, null, 1) },
    { name: 'an escape', text: JSON.stringify({ ...event, status: 'a"b' }) },
    { name: 'a number where a text should be', text: JSON.stringify({ ...event, status: 4 }) },
    { name: 'a fraction', text: JSON.stringify({ ...event, battery: 4.5 }) },
    { name: 'what ends too early', text: JSON.stringify(event).slice(0, -1) },
    { name: 'what goes on', text: `${JSON.stringify(event)} ` },
    { name: 'nothing', text: '' },
  ])('leaves $name to JSON.parse', ({ text }) => {
    expect(scanPeerEvent(text)).toBeUndefined();
  });
});
