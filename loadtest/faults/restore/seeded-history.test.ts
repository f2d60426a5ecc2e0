import { decodeFleetRecord } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { createSeededHistory, type HistoryItem } from './seeded-history.ts';

function take(seed: number): HistoryItem[] {
  const items: HistoryItem[] = [];
  for (const item of createSeededHistory(seed, 20)) if (items.push(item) === 2000) break;
  return items;
}

describe('createSeededHistory', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(take(5)).toEqual(take(5));
    expect(take(5)).not.toEqual(take(6));
  });

  it('is made of events that the log takes, of repeats and of poison', () => {
    const items = take(5);
    const kinds = items.map(
      ({ record }) =>
        decodeFleetRecord({
          value: Buffer.from(record.value),
          key: record.key,
          contentType: 'application/cloudevents+json',
        }).kind,
    );
    expect(kinds.map((kind) => kind === 'poison')).toEqual(items.map(({ owed }) => owed === undefined));
    expect(kinds.filter((kind) => kind === 'poison').length).toBeGreaterThan(5);
    const values = new Set(items.map(({ record }) => record.value));
    expect(items.length - values.size).toBeGreaterThan(20);
    expect(new Set(items.map(({ record }) => record.key)).size).toBe(20);
  });
});
