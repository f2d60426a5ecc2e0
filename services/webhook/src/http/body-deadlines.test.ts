import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBodyDeadlines } from './body-deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  const late: string[] = [];
  const deadlines = createBodyDeadlines(() => Date.now() - startMs);
  const startMs = Date.now();
  const watch = (name: string, dueMs: number) => deadlines.watch({ dueMs, onLate: () => late.push(name) });
  return { late, deadlines, watch };
}

describe('createBodyDeadlines', () => {
  it('tells each late body once, within a quarter of a second, and those in time nothing', () => {
    const { late, deadlines, watch } = setUp();
    watch('first', 1000);
    const inTime = watch('in time', 1000);
    watch('second', 1500);
    deadlines.forget(inTime);
    deadlines.forget(inTime);
    vi.advanceTimersByTime(999);
    expect(late).toEqual([]);
    vi.advanceTimersByTime(251);
    expect(late).toEqual(['first']);
    vi.advanceTimersByTime(10_000);
    expect(late).toEqual(['first', 'second']);
  });

  it('has no timer while no body is under way', () => {
    const { deadlines, watch } = setUp();
    expect(vi.getTimerCount()).toBe(0);
    const body = watch('one', 1000);
    watch('other', 1000);
    expect(vi.getTimerCount()).toBe(1);
    deadlines.forget(body);
    vi.advanceTimersByTime(5000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
