import { describe, expect, it } from 'vitest';
import { chooseRobots, joinRobots, type RobotChoice, toClock, toRobotTable } from './robot-table.ts';

const listed = [
  { id: 'b', name: 'Bee', fleet: 'north', site: 'hall', model: 'M', tags: ['new', 'fast'] },
  { id: 'a', name: 'Ant' },
];
const live = [
  {
    robotId: 'b',
    partition: 0,
    state: {
      presence: { status: 'online' },
      clockOffsetMs: 1_114_560_000,
      reported: { mode: 'AUTOMATIC', battery: { percent: 51.6 } },
    },
  },
  { robotId: 'c', partition: 1, state: { identity: { name: 'Cat', site: 'yard' }, presence: { status: 'offline' } } },
  { robotId: 'd', partition: 1, state: { identity: { retired: true } } },
];
const robots = joinRobots(listed, live);

describe('the table of robots', () => {
  it('joins who they are with how they are; robots of the log alone are there until they are retired', () => {
    expect(toRobotTable(robots)).toEqual([
      'ROBOT  NAME  FLEET  SITE  MODEL  TAGS      STATUS   MODE       BATTERY  CLOCK',
      'a      Ant   -      -     -      -         unknown  -          -        -',
      'b      Bee   north  hall  M      new,fast  online   AUTOMATIC  52 %     12.9 d behind',
      'c      Cat   -      yard  -      -         offline  -          -        -',
    ]);
  });

  it.each<{ choice: RobotChoice; ids: string }>([
    { choice: {}, ids: 'abc' },
    { choice: { fleet: 'north' }, ids: 'b' },
    { choice: { site: 'yard', status: 'offline' }, ids: 'c' },
    { choice: { tag: 'fast' }, ids: 'b' },
    { choice: { tag: 'slow' }, ids: '' },
    { choice: { text: 'AN' }, ids: 'a' },
    { choice: { status: 'unknown', model: 'M' }, ids: '' },
  ])('chooses by $choice', ({ choice, ids }) => {
    expect(
      chooseRobots(robots, choice)
        .map(({ id }) => id)
        .join(''),
    ).toBe(ids);
  });
});

it.each([
  { offsetMs: undefined, clock: '-' },
  { offsetMs: 4999, clock: 'right' },
  { offsetMs: -46_000, clock: '46 s ahead' },
  { offsetMs: 5000, clock: '5 s behind' },
  { offsetMs: 90_000, clock: '1.5 min behind' },
  { offsetMs: -7_200_000, clock: '2.0 h ahead' },
])('a clock that is $offsetMs ms off is $clock', ({ offsetMs, clock }) => {
  expect(toClock(offsetMs)).toBe(clock);
});
