import { describe, expect, it } from 'vitest';
import { joinParts, splitAnswer, toAsOfText, toRobotAnswer, toRobotText } from './robots-answer.ts';

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
  ])('takes another answer apart and joins it the same: $name', ({ robots }) => {
    const body = joinParts([{ robots: robots.join(','), asOf: toAsOfText(asOf) }]);
    const part = splitAnswer(body);
    expect(part).toEqual({ robots: robots.join(','), asOf: toAsOfText(asOf) });
    expect(joinParts(part === undefined ? [] : [part])).toBe(body);
    expect(JSON.parse(body)).toMatchObject({ asOf: [asOf] });
  });

  it('joins parts of which some have no robots', () => {
    const one = { robots: toRobotText('a', 0, '{}'), asOf: toAsOfText({ ...asOf, partition: 0 }) };
    const none = { robots: '', asOf: toAsOfText({ ...asOf, partition: 1 }) };
    const parsed = JSON.parse(joinParts([none, one, none])) as { robots: unknown[]; asOf: unknown[] };
    expect([parsed.robots.length, parsed.asOf.length]).toEqual([1, 3]);
  });

  it('knows what is no such answer', () => {
    expect(splitAnswer('{"error":1}')).toBeUndefined();
    expect(splitAnswer('')).toBeUndefined();
  });
});
