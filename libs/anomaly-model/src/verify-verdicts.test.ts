import { createRandom, gauss, telemetryRecord } from '@fleetstream/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultRules } from './detector-rules.ts';
import { type ReplayRecord } from './read-robot-record.ts';
import { replayVerdicts } from './replay-verdicts.ts';
import { parseVerdict, type SaidVerdict, verifyVerdicts } from './verify-verdicts.ts';

const random = createRandom(4);
const log = Array.from({ length: 2000 }, (_, offset) =>
  telemetryRecord('arm-1', offset, { current: [700, 1700].includes(offset) ? 40 : 4 + 0.2 * gauss(random) }),
);

async function* read(_partition: number, fromOffset: number, throughOffset: number): AsyncIterable<ReplayRecord> {
  for (const record of log.slice(fromOffset, throughOffset + 1)) yield await Promise.resolve(record);
}

async function saidFrom(foldedFrom: number): Promise<SaidVerdict[]> {
  const verdicts = await replayVerdicts(log.slice(foldedFrom), defaultRules, foldedFrom);
  return verdicts.flatMap(({ value }) => parseVerdict(value) ?? []);
}

describe('verdicts against the log', () => {
  let said: SaidVerdict[];
  beforeAll(async () => {
    said = await saidFrom(0);
    expect(said).toHaveLength(2);
  });

  it('what follows from the log is confirmed, also from several lives', async () => {
    const [first] = said;
    const later = await saidFrom(500);
    expect(later.length).toBeGreaterThan(0);
    const lives = [...(first === undefined ? [] : [first]), ...later.filter(({ data }) => data.window.toOffset > 700)];
    expect(await verifyVerdicts(lives, read)).toEqual({ confirmed: lives.length, refuted: [], repeated: [] });
  });

  it('what was tampered with is refuted', async () => {
    const forged = said.map((one) => ({ ...one, text: one.text.replace('"value":40', '"value":41') }));
    expect((await verifyVerdicts(forged, read)).refuted).toEqual(said.map(({ id }) => id));
  });

  it('what was said twice is told', async () => {
    expect((await verifyVerdicts([...said, ...said.slice(0, 1)], read)).repeated).toEqual([said[0]?.id]);
  });

  it('what is no verdict is not taken for one', () => {
    expect([parseVerdict('{'), parseVerdict('null'), parseVerdict('{"id":"x","data":{}}')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
