import { describe, expect, it } from 'vitest';
import { createPageReader, mappingSchema } from './platform-mapping.ts';

const read = (mapping: object, page: unknown) => createPageReader(mappingSchema.parse(mapping))(page);

describe('the mapping of a page', () => {
  it('reads our own shape when nothing is said', () => {
    const robot = { id: 'a', name: 'A', fleet: 'f', site: 's', model: 'm', tags: ['t'], callbackUrl: 'https://a/x' };
    expect(read({}, { robots: [{ ...robot, more: 1 }], nextCursor: 7 })).toEqual({
      ...{ robots: [robot], entries: 1, unreadable: 0, fieldsLeftOut: 0, next: '7', total: undefined },
    });
  });

  it('reads another’s shape by JSONPath', () => {
    const mapping = {
      ...{ robots: "$.data.devices[?@.kind == 'robot']", next: '$.links.next', total: '$.data.count' },
      ...{ id: "$['serial-no']", name: '$.label.text', site: '$.place[0]', tags: '$.labels[*].key' },
    };
    const device = {
      kind: 'robot',
      'serial-no': 12,
      label: { text: 'L' },
      place: ['hall', 'x'],
      labels: [{ key: 'k' }],
    };
    const page = { data: { devices: [device, { kind: 'charger' }], count: 1 }, links: { next: '/2' } };
    expect(read(mapping, page)).toEqual({
      ...{ robots: [{ id: '12', name: 'L', site: 'hall', tags: ['k'] }], entries: 1, unreadable: 0, fieldsLeftOut: 0 },
      ...{ next: '/2', total: 1 },
    });
  });

  it.each([
    { name: 'a list by itself', mapping: { robots: '$[*]' }, page: [{ id: 'a' }] },
    { name: 'robots by their names', mapping: { robots: '$.*' }, page: { x: { id: 'a' } } },
  ])('reads $name', ({ mapping, page }) => {
    expect(read(mapping, page).robots).toEqual([{ id: 'a' }]);
  });

  it.each([
    { name: 'a name too long', field: { name: 'x'.repeat(513) } },
    { name: 'a callback that is no http', field: { callbackUrl: 'file:///etc/passwd' } },
    { name: 'an encoding of commands that nobody knows', field: { commandEncoding: 'morse' } },
    { name: 'a tag that is no text', field: { tags: ['a', 1] } },
    { name: 'too many tags', field: { tags: Array(33).fill('t') } },
  ])('leaves out $name and keeps the robot', ({ field }) => {
    expect(read({}, { robots: [{ id: 'a', ...field }] })).toMatchObject({ robots: [{ id: 'a' }], fieldsLeftOut: 1 });
  });

  it.each([
    { name: 'no id', robot: { name: 'x' } },
    { name: 'an id that is none', robot: { id: '../x' } },
    { name: 'a text', robot: 'a' },
    { name: 'nothing', robot: null },
    { name: 'an id of its prototype', robot: Object.create({ id: 'a' }) as object },
  ])('has no robot in an entry with $name', ({ robot }) => {
    expect(read({}, { robots: [robot] })).toMatchObject({ robots: [], unreadable: 1 });
  });

  it.each([
    { name: 'no JSONPath', mapping: { id: '$.[' } },
    { name: 'a script', mapping: { id: '$[(@.length-1)]' } },
    { name: 'a field that there is not', mapping: { naem: '$.name' } },
  ])('is refused at the start: $name', ({ mapping }) => {
    expect(mappingSchema.safeParse(mapping).success).toBe(false);
  });

  it('refuses a page of more robots than a page may have', () => {
    const page = { robots: Array.from({ length: 10_001 }, (_, index) => ({ id: `r${index}` })) };
    expect(() => read({}, page)).toThrow('more than 10000');
  });
});
