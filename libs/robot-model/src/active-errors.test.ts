import { expect, it } from 'vitest';
import { type ActiveError, stepActiveErrors } from './active-errors.ts';

const warning = { type: 'COLLISION', level: 'WARNING' } as const;
const fatal = { type: 'COLLISION', level: 'FATAL' } as const;
const laser = { type: 'LASER', level: 'WARNING', description: 'dirty' } as const;
const active = (error: Omit<ActiveError, 'sinceMs' | 'count'>, count = 1, sinceMs = 1): ActiveError => ({
  ...error,
  sinceMs,
  count,
});

it.each([
  { name: 'nothing stays nothing', given: [], reported: [], next: [], raised: [], cleared: [] },
  {
    name: 'a new error is raised',
    given: [],
    reported: [warning],
    next: [active(warning, 1, 9)],
    raised: [warning],
    cleared: [],
  },
  {
    name: 'a standing error is counted, not raised again',
    given: [active(warning)],
    reported: [warning],
    next: [active(warning, 2)],
    raised: [],
    cleared: [],
  },
  {
    name: 'an error that is gone is cleared',
    given: [active(warning, 3)],
    reported: [],
    next: [],
    raised: [],
    cleared: [warning],
  },
  {
    name: 'the same twice in one list is one',
    given: [],
    reported: [warning, warning],
    next: [active(warning, 1, 9)],
    raised: [warning],
    cleared: [],
  },
  {
    name: 'another level is another error',
    given: [active(warning)],
    reported: [fatal],
    next: [active(fatal, 1, 9)],
    raised: [fatal],
    cleared: [warning],
  },
  {
    name: 'standing errors keep their places',
    given: [active(warning), active(laser)],
    reported: [fatal, laser, warning],
    next: [active(warning, 2), active(laser, 2), active(fatal, 1, 9)],
    raised: [fatal],
    cleared: [],
  },
  {
    name: 'the newest description is kept',
    given: [active(laser)],
    reported: [{ ...laser, description: 'clean me' }],
    next: [active({ ...laser, description: 'clean me' }, 2)],
    raised: [],
    cleared: [],
  },
])('$name', ({ given, reported, next, raised, cleared }) => {
  const after = stepActiveErrors(given, reported, 9);
  expect(after.errors).toEqual(next);
  expect(after.raised).toMatchObject(raised);
  expect(after.raised).toHaveLength(raised.length);
  expect(after.cleared).toMatchObject(cleared);
  expect(after.cleared).toHaveLength(cleared.length);
});
