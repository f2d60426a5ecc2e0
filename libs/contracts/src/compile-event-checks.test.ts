import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compileEventChecks } from './compile-event-checks.ts';
import { envelopeSchema } from './event-envelope.ts';
import { robotEventSchemas, type RobotEventType } from './events/index.ts';
import { parseRobotEvent } from './parse-robot-event.ts';

const checks = compileEventChecks();
const types = Object.keys(robotEventSchemas) as RobotEventType[];
const subjects = [
  // Whoever needs `data` looks at it by its own schema, so an envelope may lack it; JSON Schema can't say so.
  { name: 'the envelope', schema: envelopeSchema.refine(hasData) as z.ZodType, fits: checks.envelope },
  ...types.map((type) => ({ name: type, schema: robotEventSchemas[type] as z.ZodType, fits: checks.data[type] })),
];

const numRuns = 800;

function hasData({ data }: { readonly data?: unknown }): boolean {
  return data !== undefined;
}

/** What the schemas of robots' events are made of; a keyword that isn't here fails the first test. */
interface Shape {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly propertyNames?: Shape;
  readonly additionalProperties?: Shape;
  readonly items?: Shape;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const keywords = new Set([
  ...[
    '$schema',
    'description',
    'type',
    'const',
    'enum',
    'properties',
    'required',
    'propertyNames',
    'items',
    'maxItems',
  ],
  ...['additionalProperties', 'maxProperties', 'minLength', 'maxLength', 'pattern', 'minimum', 'maximum'],
]);

function toShape(schema: z.ZodType): Shape {
  return z.toJSONSchema(schema, { io: 'input' }) as Shape;
}

function keywordsOf(shape: Shape): string[] {
  const { properties = {}, propertyNames, additionalProperties, items } = shape;
  const inner = [...Object.values(properties), propertyNames, additionalProperties, items];
  return [...Object.keys(shape), ...inner.flatMap((one) => (one === undefined ? [] : keywordsOf(one)))];
}

/** Values that fit, values on either side of every limit, and now and then anything at all. */
function near(shape: Shape): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 40, arbitrary: within(shape) }, { weight: 1, arbitrary: anything });
}

const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(undefined, Infinity, NaN, -0, 2 ** 53));

function within(shape: Shape): fc.Arbitrary<unknown> {
  if (shape.const !== undefined) return fc.constant(shape.const);
  if (shape.enum !== undefined) {
    const fitting = { weight: 20, arbitrary: fc.constantFrom(...shape.enum) };
    return fc.oneof(
      fitting,
      fc.constantFrom(...shape.enum).map((one) => String(one).toLowerCase()),
    );
  }
  const { type } = shape;
  if (type === undefined) return anything;
  switch (type) {
    case 'string':
      return texts(shape);
    case 'number':
    case 'integer':
      return numbers(shape);
    case 'boolean':
      return fc.boolean();
    case 'array':
      return lists(shape);
    case 'object':
      return objects(shape);
  }
}

const texts = ({ minLength = 0, maxLength = 64, pattern }: Shape): fc.Arbitrary<string> => {
  const sized = (length: number, unit: string) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  const ends = [minLength - 1, minLength, maxLength, maxLength + 1].filter((length) => length >= 0);
  return fc.oneof(
    { weight: 20, arbitrary: fc.stringMatching(/^[a-z][a-z0-9]{0,12}$/) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...ends), fc.constantFrom('a', '\u{1f916}', 'ä'))
        .map(([length, unit]) => sized(length, unit)),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: maxLength + 2 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '\u0000',
        '\ud800',
        '1a',
        'a b',
        '__proto__',
        'a\n',
        'APPLICATION/x+JSON',
        'application/json;v=1',
        'application/jsonx',
      ),
    },
    ...(pattern?.includes('[Jj]') === true
      ? [{ weight: 20, arbitrary: fc.constantFrom('application/json', 'Application/CloudEvents+JSON') }]
      : []),
  );
};

const numbers = ({ type, minimum = -1e15, maximum = 1e15 }: Shape): fc.Arbitrary<number> => {
  const fitting =
    type === 'integer'
      ? fc.integer({ min: Math.max(minimum, -1e6), max: Math.min(maximum, 1e6) })
      : fc.double({ min: minimum, max: maximum, noNaN: true });
  const edges = fc.constantFrom(
    minimum,
    maximum,
    minimum - 1,
    maximum + 1,
    minimum - 0.125,
    maximum + 2,
    0.5,
    -0,
    1e300,
    Infinity,
    -Infinity,
    NaN,
  );
  return fc.oneof({ weight: 20, arbitrary: fitting }, edges);
};

const lists = ({ items = {}, maxItems = 8 }: Shape): fc.Arbitrary<unknown> => {
  const long = fc
    .tuple(within(items), fc.constantFrom(maxItems, maxItems + 1))
    .map(([one, count]) => Array<unknown>(count).fill(one));
  return fc.oneof({ weight: 12, arbitrary: fc.array(near(items), { maxLength: 4 }) }, long);
};

const objects = ({ properties, required = [], propertyNames, additionalProperties }: Shape): fc.Arbitrary<unknown> => {
  if (properties === undefined) {
    const many = fc
      .constantFrom(256, 257)
      .map((count) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, { value: index }])));
    const entries = fc.dictionary(texts(propertyNames ?? {}), near(additionalProperties ?? {}), { maxKeys: 5 });
    return fc.oneof({ weight: 12, arbitrary: entries }, many);
  }
  const fields = Object.fromEntries(Object.entries(properties).map(([name, shape]) => [name, near(shape)]));
  const extended: Record<string, fc.Arbitrary<unknown>> = { ...fields, beyond: anything };
  return fc.oneof(
    { weight: 20, arbitrary: fc.record(extended, { requiredKeys: [...required] }) },
    fc.record(extended, { requiredKeys: [] }),
  );
};

describe('compiled checks', () => {
  it.each(subjects)('know every keyword of $name', ({ schema }) => {
    expect(keywordsOf(toShape(schema)).filter((keyword) => !keywords.has(keyword))).toEqual([]);
  });

  it.each(subjects)('accept and refuse what zod does: $name', ({ schema, fits }) => {
    const outcomes = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(near(toShape(schema)), (value) => {
        const isFit = schema.safeParse(value).success;
        outcomes[isFit ? 'accepted' : 'refused'] += 1;
        // zod leaves a member of this name out without a look; whoever reads events refuses it anyway.
        if (!isFit || !JSON.stringify(value).includes('__proto__')) expect(fits(value)).toBe(isFit);
      }),
      { numRuns },
    );
    expect(Math.min(outcomes.accepted, outcomes.refused)).toBeGreaterThan(numRuns / 20);
  });

  it('change nothing about what becomes of an event', () => {
    const event = fc.oneof(
      ...types.map((type) =>
        fc
          .tuple(near(toShape(envelopeSchema)), near(toShape(robotEventSchemas[type])))
          .map(([envelope, data]) =>
            typeof envelope === 'object' && envelope !== null
              ? { ...envelope, specversion: '1.0', source: '/robots/agv-1', type, data }
              : envelope,
          ),
      ),
    );
    const given = { robotId: 'agv-1', fallbackId: 'f' };
    fc.assert(
      fc.property(event, (raw) => {
        expect(parseRobotEvent(raw, { ...given, checks })).toEqual(parseRobotEvent(raw, given));
      }),
      { numRuns },
    );
  });
});
