import { describe, expect, it } from 'vitest';
import { HotKeys } from './hot-keys.ts';

function noteAll(hot: HotKeys, keys: readonly string[], nowMs: number): void {
  hot.note(keys.length, (index) => keys[index], nowMs);
}

/** Of every ten records three are of `loud`, the others of ever new robots. */
function createCrowd(length: number, from: number): string[] {
  return Array.from({ length }, (_, at) => (at % 10 < 3 ? 'loud' : `quiet-${from + at}`));
}

describe('HotKeys', () => {
  it('names a robot that floods its partition among thousands, and blames no other', () => {
    const hot = new HotKeys(1000, 0);
    for (let batch = 0; batch < 200; batch += 1) noteAll(hot, createCrowd(97, batch * 100), 10);
    const [first, ...others] = hot.hottest(5, 20);
    expect(first?.robotId).toBe('loud');
    expect(first?.share).toBeGreaterThan(0.2);
    expect(first?.share).toBeLessThan(0.4);
    for (const { share } of others) expect(share).toBeLessThan(0.05);
  });

  it('counts every record of small batches', () => {
    const hot = new HotKeys(1000, 0);
    noteAll(hot, ['a', 'b', 'a', 'a'], 0);
    expect(hot.hottest(1, 0)).toEqual([{ robotId: 'a', share: 0.75 }]);
    expect(hot.total).toBe(4);
  });

  it('forgets what is two windows old', () => {
    const hot = new HotKeys(1000, 0);
    noteAll(hot, ['a'], 0);
    expect(hot.hottest(5, 1500).map(({ robotId }) => robotId)).toEqual(['a']);
    expect(hot.hottest(5, 2600)).toEqual([]);
  });

  it('counts records that are no robots, and names none', () => {
    const hot = new HotKeys(1000, 0);
    hot.note(2, (index) => (index === 0 ? undefined : 'a'), 0);
    expect(hot.hottest(5, 0)).toEqual([{ robotId: 'a', share: 0.5 }]);
  });
});
