import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { toConformance } from './conformance.ts';
import { dialectDeviations } from './dialect-deviations.ts';
import { dialectTypes } from './map-dialect.ts';

const text = readFileSync(new URL('../../../../docs/dialects.md', import.meta.url), 'utf8');

it('docs/dialects.md names every type', () => {
  expect(dialectTypes.filter((type) => !text.includes(`\`${type}\``))).toEqual([]);
});

it('docs/dialects.md lists every deviation with what it costs, and no other', () => {
  const listed = [...text.matchAll(/`([a-z-]+)` +\| (\d+)/g)].map(([, name, off]) => [name, Number(off)]);
  const costs = dialectDeviations.map((one) => {
    const { score } = toConformance({ dialect: 'vda5050', version: undefined, deviations: [one] });
    return [one, 100 - score];
  });
  expect(listed).toEqual(costs);
});
