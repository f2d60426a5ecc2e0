import { type LogRecord } from '@fleetstream/kafka';
import { describe, expect, it } from 'vitest';
import { createPeerFold, decodePeerEvent, javaHash } from './peer-workload.ts';

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
