import { describe, expect, it } from 'vitest';
import { isUnlimited, mayReach, type Scopes } from './caller.ts';

const robot = { fleet: 'a', site: 's' };

describe('mayReach', () => {
  it.each<{
    name: string;
    scopes: Scopes;
    place: typeof robot | { fleet?: string; site?: string } | undefined;
    reach: boolean;
  }>([
    { name: 'no lists reach every robot', scopes: {}, place: robot, reach: true },
    { name: 'no lists reach a robot of which nothing is known', scopes: {}, place: undefined, reach: true },
    { name: 'a list of fleets reaches its robots', scopes: { fleets: ['b', 'a'] }, place: robot, reach: true },
    { name: 'a list of fleets reaches no others', scopes: { fleets: ['b'] }, place: robot, reach: false },
    { name: 'an empty list reaches nothing', scopes: { fleets: [] }, place: robot, reach: false },
    { name: 'a list of sites reaches its robots', scopes: { sites: ['s'] }, place: robot, reach: true },
    { name: 'both lists count', scopes: { fleets: ['a'], sites: ['t'] }, place: robot, reach: false },
    { name: 'both lists may fit', scopes: { fleets: ['a'], sites: ['s'] }, place: robot, reach: true },
    { name: 'a list reaches no robot without a fleet', scopes: { fleets: ['a'] }, place: { site: 's' }, reach: false },
    { name: 'a list reaches no robot that is not known', scopes: { sites: ['s'] }, place: undefined, reach: false },
  ])('$name', ({ scopes, place, reach }) => {
    expect(mayReach({ scopes }, place)).toBe(reach);
  });

  it('is unlimited without lists alone', () => {
    expect([{}, { fleets: [] }, { sites: ['s'] }].map((scopes) => isUnlimited({ scopes }))).toEqual([
      true,
      false,
      false,
    ]);
  });
});
