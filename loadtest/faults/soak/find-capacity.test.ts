import { describe, expect, it } from 'vitest';
import { findCapacity } from './find-capacity.ts';

describe('findCapacity', () => {
  it('is what is folded once more is sent than can be', async () => {
    let rate = 0;
    let folded = 0;
    let asked = performance.now();
    const capacity = await findCapacity({
      setRate: (perSecond) => {
        rate = perSecond;
      },
      folded: () => {
        const now = performance.now();
        folded += (Math.min(rate, 5000) * (now - asked)) / 1000;
        asked = now;
        return Promise.resolve(folded);
      },
      ...{ stepMs: 20, stop: new AbortController().signal, say: () => undefined },
    });
    expect(capacity).toBeGreaterThan(4000);
    expect(capacity).toBeLessThan(6000);
  });
});
