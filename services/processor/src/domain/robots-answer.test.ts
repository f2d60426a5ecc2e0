import { describe, expect, it } from 'vitest';
import {
  allBegin,
  mergePage,
  type PagePart,
  splitAll,
  toAllEnd,
  toPageAnswer,
  toRobotAnswer,
  toRobotText,
} from './robots-answer.ts';

const asOf = { partition: 3, offset: 17, logTimeMs: 1234 };

describe('answers about robots', () => {
  it('splices states in as they are', () => {
    const state = '{"b":1.0,"a":"\\u00fc"}';
    expect(toRobotAnswer('r', state, asOf)).toBe(
      `{"robotId":"r","partition":3,"state":${state},"asOf":{"partition":3,"offset":17,"logTimeMs":1234}}`,
    );
  });

  it.each([
    { name: 'no robots', robots: [] },
    { name: 'robots', robots: [toRobotText('a', 3, '{"x":1}'), toRobotText('b', 3, '{}')] },
    {
      name: 'a state that looks like the seam',
      robots: [toRobotText('a', 3, '{"x":"],\\"asOf\\":[","y":[],"asOf":[{}]}')],
    },
  ])('takes another answer apart: $name', ({ robots }) => {
    const body = allBegin + robots.join(',') + toAllEnd([asOf]);
    expect(splitAll(body)).toEqual({ robots: robots.join(','), asOf: [asOf] });
    expect(JSON.parse(body)).toMatchObject({ asOf: [asOf] });
  });

  it('knows what is no such answer', () => {
    expect(splitAll('{"error":1}')).toBeUndefined();
    expect(splitAll('')).toBeUndefined();
  });
});

const part = (partition: number, robotIds: string[], hasMore: boolean): PagePart => ({
  robots: robotIds.map((robotId) => ({ robotId, text: toRobotText(robotId, partition, '{}') })),
  asOf: { ...asOf, partition },
  hasMore,
});
const idsOf = ({ robots }: { robots: readonly { robotId: string }[] }) => robots.map(({ robotId }) => robotId).join('');

describe('mergePage', () => {
  it.each([
    { name: 'all fit', parts: [part(0, ['a', 'd'], false), part(1, ['b'], false)], ids: 'abd', last: undefined },
    {
      name: 'more than a page',
      parts: [part(0, ['a', 'd'], false), part(1, ['b', 'c'], false)],
      ids: 'abc',
      last: 'c',
    },
    {
      name: 'a part that was cut off ends the page, for what follows in it is not known',
      parts: [part(0, ['a', 'b', 'c'], true), part(1, ['d', 'e'], false)],
      ids: 'abc',
      last: 'c',
    },
    {
      name: 'a part that was cut off far behind',
      parts: [part(0, ['x', 'y', 'z'], true), part(1, ['a', 'b'], false)],
      ids: 'abx',
      last: 'x',
    },
    { name: 'exactly a page and nothing more', parts: [part(0, ['a', 'b', 'c'], false)], ids: 'abc', last: undefined },
    { name: 'nobody', parts: [part(0, [], false), part(1, [], false)], ids: '', last: undefined },
  ])('$name', ({ parts, ids, last }) => {
    const page = mergePage(parts, 3);
    expect([idsOf(page), page.lastRobotId]).toEqual([ids, last]);
  });

  it('makes a body of a page, with where the next one begins', () => {
    const page = mergePage([part(3, ['a'], false)], 3);
    expect(JSON.parse(toPageAnswer(page, 'next'))).toEqual({
      robots: [{ robotId: 'a', partition: 3, state: {} }],
      asOf: [asOf],
      next: 'next',
    });
    expect(JSON.parse(toPageAnswer(page, undefined))).not.toHaveProperty('next');
  });
});
