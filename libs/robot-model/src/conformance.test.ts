import { describe, expect, it } from 'vitest';
import { type Conformance, stepConformance } from './conformance.ts';

const said = (score: number, deviations: string[] = []) => ({
  conformance: { dialect: 'vda5050', version: '2.1.0', score },
  ...(deviations.length > 0 && { deviations }),
});

function fold(...events: readonly Parameters<typeof stepConformance>[1][]): Conformance | undefined {
  return events.reduce<Conformance | undefined>(stepConformance, undefined);
}

describe('stepConformance', () => {
  it.each([
    { name: 'canonical events say nothing', events: [{ driving: true }], expected: undefined },
    {
      name: 'the first message sets the average',
      events: [said(80, ['list-cut'])],
      expected: { score: 80, averageMilli: 80_000, messages: 1, deviating: 1, deviations: ['list-cut'] },
    },
    {
      name: 'the last deviations stay while messages are right',
      events: [said(84, ['list-cut']), said(100)],
      expected: { score: 100, averageMilli: 85_000, messages: 2, deviating: 1, deviations: ['list-cut'] },
    },
    {
      name: 'another dialect begins anew',
      events: [said(50, ['text-cut']), { conformance: { dialect: 'massrobotics', score: 100 } }],
      expected: {
        dialect: 'massrobotics',
        score: 100,
        averageMilli: 100_000,
        messages: 1,
        deviating: 0,
        deviations: [],
      },
    },
  ])('$name', ({ events, expected }) => {
    const folded = fold(...events);
    if (expected === undefined) expect(folded).toBeUndefined();
    else expect(folded).toMatchObject(expected);
  });
});
