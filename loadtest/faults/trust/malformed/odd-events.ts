import fc from 'fast-check';

/** Odd inside, and in good order where a pod looks first: most of them have to be taken and written to the log. */
export function oddEvents(robotId: string): fc.Arbitrary<object> {
  const envelope = fc.record(
    {
      specversion: fc.constant('1.0'),
      id: fc.oneof(
        { weight: 3, arbitrary: fc.uuid() },
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
        fc.constantFrom('i'.repeat(128), 'i'.repeat(129), '🤖'.repeat(128), '__proto__', '\u202eid', "';--"),
      ),
      source: fc.constant(`/robots/${robotId}`),
      time: fc.oneof(
        fc.constantFrom('2026-03-01T10:00:00Z', 'yesterday', '', '0000-00-00'),
        fc.string({ maxLength: 40 }),
      ),
      sequence: fc.oneof(fc.nat(), fc.constantFrom<unknown>(0, 2 ** 53 - 1, 2 ** 53, '41', '007', -0, null)),
      bootid: fc.oneof(fc.uuid(), fc.constantFrom<unknown>('b', null, '🤖')),
      subject: fc.oneof(fc.string({ maxLength: 128 }), fc.constant(null)),
      datacontenttype: fc.constantFrom('application/json', 'Application/Vnd.x+JSON', 'text/json'),
      traceparent: fc.constantFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '', 'ff-0-0-0'),
      site: fc.oneof(fc.string({ maxLength: 256 }), fc.boolean(), fc.double()),
    },
    { requiredKeys: ['specversion', 'id', 'source'] },
  );
  return fc.tuple(envelope, typedData()).map(([attributes, typed]) => ({ ...attributes, ...typed }));
}

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('x'.repeat(512), 'x'.repeat(513), '\u2028', '\u0007', '"\\', 'null'),
);
const number = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: -1e15, max: 1e15, noNaN: true }) },
  fc.constantFrom(0, -0, 5e-324, 1e15, -1e15, 1.1e15, 0.1 + 0.2),
);
const name = fc.oneof(
  { weight: 8, arbitrary: fc.stringMatching(/^[A-Za-z][\w.:/-]{0,20}$/) },
  fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'a'.repeat(64), 'a'.repeat(65), '1a'),
);
/** Whatever JSON can say, under names that programs stumble on. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('toJSON', 'then', 'length', '2', '')),
    fc.jsonValue({ maxDepth: 2 }),
  ),
);

function typedData(): fc.Arbitrary<object> {
  const metrics = fc.dictionary(
    name,
    fc.record({ value: number, unit: fc.string({ maxLength: 17 }) }, { requiredKeys: ['value'] }),
  );
  const state = fc.record(
    {
      mode: name,
      battery: fc.record({ percent: number, charging: fc.boolean() }, { requiredKeys: [] }),
      pose: fc.record({ x: number, y: number, map: text }, { requiredKeys: ['x', 'y'] }),
      node: text,
      driving: fc.boolean(),
      errors: fc.array(fc.record({ type: text, level: fc.constantFrom('WARNING', 'FATAL') }), { maxLength: 4 }),
      actions: fc.array(fc.record({ id: text, status: fc.constantFrom('RUNNING', 'FAILED') }), { maxLength: 4 }),
      raw: anything,
      beyond: anything,
    },
    { requiredKeys: [] },
  );
  const level = fc.constantFrom('WARNING', 'URGENT', 'CRITICAL', 'FATAL');
  return fc.oneof(
    fc.record({
      type: fc.constant('robot.telemetry.v1'),
      data: fc.record({ metrics, raw: anything }, { requiredKeys: ['metrics'] }),
    }),
    fc.record({ type: fc.constant('robot.state.v1'), data: state }),
    fc.record({ type: fc.constant('robot.alert.v1'), data: fc.record({ code: name, level, message: text }) }),
    fc.record({ type: fc.constantFrom('vda5050.state.v2', 'massrobotics.status.v1'), data: anything }),
  );
}
