import { describe, expect, it } from 'vitest';
import { createPushPacing } from './push-pacing.ts';

const target = 'https://robots.example';

describe('who did not take what was posted', () => {
  it('is left alone for a drawn time that doubles, up to a minute', () => {
    const pacing = createPushPacing(() => 0.5);
    const waits: number[] = [];
    let nowMs = 0;
    for (let n = 0; n < 9; n++) {
      // A target of its own each time, so that only the robot's own waits count.
      pacing.failed('r', `${target}:${n}`, nowMs);
      let waited = 0;
      while (!pacing.mayPush('r', 'elsewhere', nowMs + waited)) waited += 250;
      waits.push(waited);
      nowMs += waited;
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('is not asked before the time that it asked for, for none of its robots, within limits', () => {
    const pacing = createPushPacing(() => 0);
    pacing.failed('r', target, 0, 7000);
    expect([6999, 7000].map((ms) => pacing.mayPush('other', target, ms))).toEqual([false, true]);
    pacing.failed('r', target, 0, 86_400_000);
    expect([599_999, 600_000].map((ms) => pacing.mayPush('other', target, ms))).toEqual([false, true]);
  });

  it('opens the breaker of its target after five failures, and one robot at a time tries it again', () => {
    const pacing = createPushPacing(() => 0.999);
    for (let n = 0; n < 4; n++) pacing.failed(`r${n}`, target, 0);
    expect(pacing.mayPush('other', target, 0)).toBe(true);
    pacing.failed('r4', target, 0);
    expect([pacing.mayPush('other', target, 998), pacing.openTargets(998)]).toEqual([false, 1]);
    expect(pacing.mayPush('other', target, 1000)).toBe(true);
    pacing.began(target, 1000);
    expect([1000, 1999, 2000].map((ms) => pacing.mayPush('third', target, ms))).toEqual([false, false, true]);
    pacing.succeeded('other', target);
    expect(pacing.mayPush('third', target, 1000)).toBe(true);
  });

  it('is forgotten once it took something', () => {
    const pacing = createPushPacing(() => 0.999);
    pacing.failed('r', target, 0, 5000);
    pacing.succeeded('r', target);
    expect(pacing.mayPush('r', target, 0)).toBe(true);
  });
});
