import { type Condition } from '@fleetstream/contracts';
import { expect, it } from 'vitest';
import { type Conditioned, holds } from './condition.ts';
import { nothingReported } from './reported.ts';

const robot: Conditioned = {
  presence: { status: 'online', sinceMs: 1, lastSeenMs: 2 },
  reported: {
    ...nothingReported,
    mode: 'AUTOMATIC',
    battery: { percent: 20, charging: false },
    pose: { x: 3, y: 4 },
    driving: false,
    safety: { emergencyStop: 'NONE' },
    task: { id: 't1', status: 'RUNNING' },
  },
};

it.each<{ name: string; condition: Condition; is: boolean }>([
  { name: 'a text that is the same', condition: { path: 'mode', equals: 'AUTOMATIC' }, is: true },
  { name: 'a text that is another', condition: { path: 'mode', equals: 'MANUAL' }, is: false },
  { name: 'what was never said equals nothing', condition: { path: 'node', equals: '' }, is: false },
  { name: 'no is a word like yes', condition: { path: 'driving', equals: false }, is: true },
  { name: 'a number above', condition: { path: 'battery.percent', above: 19 }, is: true },
  { name: 'a number at the limit is not above', condition: { path: 'battery.percent', above: 20 }, is: false },
  { name: 'a number below', condition: { path: 'battery.percent', below: 21 }, is: true },
  { name: 'a number at the limit is not below', condition: { path: 'battery.percent', below: 20 }, is: false },
  { name: 'a text is above nothing', condition: { path: 'mode', above: 0 }, is: false },
  { name: 'at the very edge of a place', condition: { pose: { x: 0, y: 0, withinM: 5 } }, is: true },
  { name: 'outside of a place', condition: { pose: { x: 0, y: 0, withinM: 4.99 } }, is: false },
  { name: 'whether it is heard of', condition: { path: 'presence', equals: 'online' }, is: true },
  { name: 'its task', condition: { path: 'task.id', equals: 't1' }, is: true },
  { name: 'how its task stands', condition: { path: 'task.status', equals: 'FINISHED' }, is: false },
  { name: 'its stop', condition: { path: 'safety.emergencyStop', equals: 'NONE' }, is: true },
])('$name: $is', ({ condition, is }) => {
  expect(holds(condition, robot)).toBe(is);
});
