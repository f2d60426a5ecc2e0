import { describe, expect, it } from 'vitest';
import { createRobotLanes } from './robot-lanes.ts';

describe('createRobotLanes', () => {
  it('lets a robot wait for itself, in order, and nobody for another', async () => {
    const lanes = createRobotLanes({ active: 1, waiting: 2 });
    const order: string[] = [];
    expect(lanes.enter('a')).toBe(true);
    expect(lanes.enter('a')).toBe(false);
    const first = lanes.wait('a')?.then(() => order.push('first'));
    const second = lanes.wait('a')?.then(() => order.push('second'));
    expect(lanes.wait('a')).toBeUndefined();
    expect(lanes.enter('b')).toBe(true);
    expect(lanes.flooding()).toBe(1);
    lanes.leave('a');
    await first;
    // The place went to the one that waited: who comes now can't slip in.
    expect(lanes.enter('a')).toBe(false);
    lanes.leave('a');
    await second;
    expect(lanes.flooding()).toBe(0);
    lanes.leave('a');
    expect(order).toEqual(['first', 'second']);
    expect(lanes.enter('a')).toBe(true);
  });
});
