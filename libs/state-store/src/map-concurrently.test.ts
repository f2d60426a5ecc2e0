import { describe, expect, it } from 'vitest';
import { mapConcurrently } from './map-concurrently.ts';

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe('mapConcurrently', () => {
  it('answers in the order of the items, with at most so many under way', async () => {
    let under = 0;
    let underMax = 0;
    const answers = await mapConcurrently([5, 4, 3, 2, 1], 2, async (item) => {
      underMax = Math.max(underMax, ++under);
      for (let wait = 0; wait < item; wait++) await tick();
      under--;
      return item * 10;
    });
    expect(answers).toEqual([50, 40, 30, 20, 10]);
    expect(underMax).toBe(2);
  });

  it('begins nothing after a failure, and fails once what was under way has ended', async () => {
    const begun: number[] = [];
    let ended = 0;
    const mapping = mapConcurrently([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('first');
      await tick();
      ended++;
    });
    await expect(mapping).rejects.toThrow('first');
    expect(begun).toEqual([1, 2]);
    expect(ended).toBe(1);
  });

  it('answers nothing for nothing', async () => {
    expect(await mapConcurrently([], 4, () => Promise.resolve(1))).toEqual([]);
  });
});
