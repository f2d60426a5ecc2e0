import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { oddEvents } from './odd-events.ts';

/** A body, and under which content type it goes out; well signed, so that it gets as far as it can. */
export interface OddBody {
  readonly name: string;
  /** Who sends it, and whom it names as its source where it names one well. */
  readonly robotId: string;
  readonly contentType: string;
  readonly encoding?: string;
  readonly body: Buffer;
}

const json = 'application/json';
const structured = 'application/cloudevents+json';
const batch = 'application/cloudevents-batch+json';

const wrap = (data: string) =>
  `{"specversion":"1.0","id":"odd","source":"/robots/odd","type":"robot.state.v1","data":${data}}`;

/** Texts, each of a class that JSON parsers are known to differ or to break on. */
const texts: Readonly<Record<string, string>> = {
  nothing: '',
  'a blank': ' ',
  null: 'null',
  'a text': '"a"',
  'a number': '7',
  'an empty list': '[]',
  'an empty object': '{}',
  'a list of nothing': '[,]',
  'a type that nobody knows': wrap('{}').replace('robot.state.v1', 'robot.mood.v1'),
  "another robot's source": wrap('{}').replace('/robots/odd', '/robots/other'),
  "a type of the platform's": wrap('{}').replace('robot.state.v1', 'fleet.robot-retired.v1'),
  'a trailing comma': wrap('{"raw":1,}'),
  'a trailing comma in a list': wrap('{"raw":[1,]}'),
  'a comment': wrap('{/* raw */}'),
  'a line comment': `${wrap('{}')} // end`,
  'single quotes': wrap("{'raw':1}"),
  'a name without quotes': wrap('{raw:1}'),
  'two values': '{}{}',
  'a cut object': wrap('{}').slice(0, -1),
  'a closing bracket too many': `${wrap('{}')}}`,
  'brackets crossed': wrap('{"raw":[}]'),
  NaN: wrap('{"raw":NaN}'),
  Infinity: wrap('{"raw":-Infinity}'),
  'an overflow': wrap('{"raw":1e400}'),
  'an underflow': wrap('{"raw":1e-400}'),
  'minus zero': wrap('{"raw":-0}'),
  'a leading zero': wrap('{"raw":007}'),
  'a leading plus': wrap('{"raw":+1}'),
  'a bare point': wrap('{"raw":.5}'),
  'a trailing point': wrap('{"raw":5.}'),
  hexadecimal: wrap('{"raw":0x10}'),
  'a 64-bit integer': wrap('{"raw":18446744073709551615}'),
  'a thousand digits': wrap(`{"raw":${'9'.repeat(1000)}}`),
  'a hundred thousand digits': wrap(`{"raw":0.${'1'.repeat(100_000)}}`),
  'an exponent of a thousand digits': wrap(`{"raw":1e${'9'.repeat(1000)}}`),
  'a repeated member': wrap('{"mode":"A","mode":"B"}'),
  'a repeated envelope member': wrap('{}').replace('{', '{"id":"other",'),
  'a repeated member by escapes': wrap('{"mode":"A","\\u006dode":"B"}'),
  'a prototype': wrap('{"raw":{"__proto__":{"admin":true}}}'),
  'a prototype of the event': '{"__proto__":{"type":"robot.state.v1"},"data":{}}',
  'a constructor': wrap('{"constructor":{"prototype":{"admin":true}}}'),
  toString: wrap('{"raw":{"toString":1,"valueOf":2,"toJSON":3}}'),
  'a lone high surrogate': wrap('{"raw":"\\ud800"}'),
  'a lone low surrogate': wrap('{"raw":"\\udc00"}'),
  'surrogates the wrong way round': wrap('{"raw":"\\udc00\\ud800"}'),
  'NUL by escape': wrap('{"raw":"\\u0000"}'),
  'NUL in a name': wrap('{"a\\u0000b":1}'),
  'NUL as it is': wrap('{"raw":"\0"}'),
  'a line feed in a text': wrap('{"raw":"a\nb"}'),
  'a bad escape': wrap('{"raw":"\\x41"}'),
  'a cut escape': wrap('{"raw":"\\u12"}'),
  'an escape at the end': '"\\',
  'a byte order mark': `\uFEFF${wrap('{}')}`,
  'line separators': wrap('{"raw":"\u2028\u2029"}'),
  'a form feed between': `\f${wrap('{}')}`,
  'a no-break space between': `\u00a0${wrap('{}')}`,
  'deep lists': '['.repeat(100_000),
  'deep lists that close': wrap(`{"raw":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
  'deep objects': wrap(`{"raw":${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}}`),
  'a deep batch': `[${'['.repeat(65)}1${']'.repeat(65)}]`,
  'a hundred thousand members': wrap(`{"raw":{${Array.from({ length: 60_000 }, (_, n) => `"k${n}":1`).join()}}}`),
  'a hundred thousand elements': wrap(`{"raw":[${'0,'.repeat(100_000)}0]}`),
  'names that are numbers': wrap('{"raw":{"2":1,"1":2,"4294967295":3}}'),
  'an empty name': wrap('{"":1}'),
  'a name of 100 kB': wrap(`{"${'n'.repeat(100_000)}":1}`),
  'a text of 300 kB': wrap(`{"raw":"${'x'.repeat(300_000)}"}`),
  'a text of 300 kB in a batch': `[${wrap(`{"raw":"${'x'.repeat(300_000)}"}`)}]`,
  'a text of escapes': wrap(`{"raw":"${'\\u0041'.repeat(50_000)}"}`),
  'a body of the most bytes': ' '.repeat(1_048_576),
  'one byte more': ' '.repeat(1_048_577),
  'a batch of 501': `[${Array(501).fill('{}').join()}]`,
  'a batch of half a million': `[${'1,'.repeat(500_000)}1]`,
};

const bytes: Readonly<Record<string, Buffer>> = {
  'an overlong slash': Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
  'a cut sequence': Buffer.from([0x22, 0xe2, 0x82, 0x22]),
  'a surrogate as UTF-8': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  'beyond Unicode': Buffer.from([0x22, 0xf5, 0x80, 0x80, 0x80, 0x22]),
  'UTF-16': Buffer.from(wrap('{}'), 'utf16le'),
  'UTF-32': Buffer.from([0, 0, 0, 0x7b, 0, 0, 0, 0x7d]),
  'Latin-1': Buffer.from(wrap('{"raw":"\u00e4"}'), 'latin1'),
  CBOR: Buffer.from([0xa1, 0x61, 0x61, 0x01]),
  protobuf: Buffer.from([0x0a, 0x03, 0x61, 0x62, 0x63]),
};

const bombs: readonly Omit<OddBody, 'robotId'>[] = [
  { name: 'a bomb', contentType: json, encoding: 'gzip', body: gzipSync(Buffer.alloc(50_000_000, 0x20)) },
  { name: 'a bomb in a bomb', contentType: json, encoding: 'gzip', body: gzipSync(gzipSync(Buffer.alloc(50_000_000))) },
  { name: 'gzip that is none', contentType: json, encoding: 'gzip', body: Buffer.from(wrap('{"raw":"not gzip"}')) },
  { name: 'two members', contentType: json, encoding: 'gzip', body: Buffer.concat([gzipSync('{}'), gzipSync('{}')]) },
  { name: 'an encoding nobody knows', contentType: json, encoding: 'zstd', body: Buffer.from(wrap('{}')) },
  { name: 'encodings stacked', contentType: json, encoding: 'gzip, gzip', body: gzipSync(gzipSync(wrap('{}'))) },
];

/** Every class of odd body by hand, in each content type. */
export function listOddBodies(): readonly OddBody[] {
  const named = [
    ...Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)] as const),
    ...Object.entries(bytes),
  ];
  const bodies = [
    ...[json, structured, batch].flatMap((contentType) => named.map(([name, body]) => ({ name, contentType, body }))),
    ...bombs,
    { name: 'no content type', contentType: '', body: Buffer.from(wrap('{}')) },
    { name: 'a form', contentType: 'application/x-www-form-urlencoded', body: Buffer.from('a=1') },
    { name: 'parts', contentType: 'multipart/form-data; boundary=x', body: Buffer.from('--x--') },
    { name: 'another charset', contentType: `${json}; charset=utf-16`, body: Buffer.from(wrap('{}')) },
    { name: 'a content type of 8 kB', contentType: `${json}; a=${'b'.repeat(8000)}`, body: Buffer.from(wrap('{}')) },
  ];
  return bodies.map((body, index) => signedBy(toRobotId(index), index, body));
}

/** Names its robot and has an id of its own, so that nothing but what is odd about it stands against it. */
function signedBy(robotId: string, index: number, odd: Omit<OddBody, 'robotId'>): OddBody {
  const text = odd.body.toString('latin1');
  const named = text.replace('"id":"odd"', `"id":"odd-${index}"`).replace('/robots/odd"', `/robots/${robotId}"`);
  return { ...odd, robotId, body: Buffer.from(named, 'latin1') };
}

/** Many robots: one alone would soon be asked to send less, and nothing more would be learned of its bodies. */
function toRobotId(index: number): string {
  return `odd-${index % 100}`;
}

/**
 * Bodies at random: values, events with wrong fields, events that are right but for what is odd inside, and texts with
 * bytes turned over, taken out or put in.
 */
export function generateOddBodies(seed: number, count: number): readonly OddBody[] {
  const odd = fc.nat(99).chain((turn) => {
    const robotId = toRobotId(turn);
    const whole = wholeBodies(robotId);
    return fc.oneof(brokenBodies(robotId), whole, whole).map((one) => ({ ...one, robotId }));
  });
  return fc.sample(odd, { seed, numRuns: count }).map((one, index) => ({ name: `generated ${index}`, ...one }));
}

function brokenBodies(robotId: string): fc.Arbitrary<Omit<OddBody, 'name' | 'robotId'>> {
  const types = fc.constantFrom(
    ...['robot.state.v1', 'robot.telemetry.v1', 'robot.alert.v1', 'robot.task.v1', 'vda5050.state.v2', 'x', ''],
  );
  const value = fc.jsonValue({ maxDepth: 4 });
  const event = fc.record(
    {
      specversion: fc.oneof(fc.constant('1.0'), value),
      id: fc.oneof(fc.string({ maxLength: 140 }), value),
      source: fc.oneof(fc.constant(`/robots/${robotId}`), fc.string(), value),
      type: fc.oneof(types, value),
      data: value,
      sequence: fc.oneof(fc.nat(), fc.string({ maxLength: 20 }), value),
      bootid: fc.oneof(fc.string({ maxLength: 70 }), value),
      time: fc.oneof(fc.string({ maxLength: 50 }), value),
      extra: value,
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(value, event, fc.array(event, { maxLength: 8 })).map((one) => Buffer.from(JSON.stringify(one)));
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('turn', 'cut', 'put')), { maxLength: 6 });
  const damaged = fc.tuple(text, damage).map(([whole, changes]) => changes.reduce(harm, whole));
  const bytes = fc.uint8Array({ maxLength: 400 }).map((raw) => Buffer.from(raw));
  return fc.record({
    body: fc.oneof(damaged, damaged, bytes),
    contentType: fc.constantFrom(json, structured, batch, 'text/plain'),
  });
}

function wholeBodies(robotId: string): fc.Arbitrary<Omit<OddBody, 'name' | 'robotId'>> {
  const event = oddEvents(robotId);
  const single = fc.record({ value: event, contentType: fc.constantFrom(json, structured) });
  const several = fc.record({
    value: fc.array(fc.oneof({ weight: 5, arbitrary: event }, fc.jsonValue()), { minLength: 1, maxLength: 12 }),
    contentType: fc.constantFrom(json, batch),
  });
  return fc.tuple(fc.oneof(single, single, several), fc.nat(7)).map(([{ value, contentType }, turn]) => {
    const body = Buffer.from(JSON.stringify(value));
    return turn === 0 ? { contentType, encoding: 'gzip', body: gzipSync(body) } : { contentType, body };
  });
}

function harm(whole: Buffer, [place, byte, how]: readonly [number, number, string]): Buffer {
  const at = whole.length === 0 ? 0 : place % whole.length;
  if (how === 'cut') return Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]);
  if (how === 'put') return Buffer.concat([whole.subarray(0, at), Buffer.from([byte]), whole.subarray(at)]);
  const turned = Buffer.from(whole);
  if (turned.length > 0) turned[at] = byte;
  return turned;
}
