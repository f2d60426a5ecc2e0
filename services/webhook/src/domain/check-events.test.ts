import { type DialectType } from '@fleetstream/contracts';
import { compileEventChecks } from '@fleetstream/contracts/compile-event-checks';
import { describe, expect, it } from 'vitest';
import { type CheckedEvent, checkEvents } from './check-events.ts';
import { type Sender } from './ingest-target.ts';
import { parseBody } from './parse-body.ts';

const withoutId = { specversion: '1.0', source: '/robots/r-1', type: 'robot.state.v1', data: { mode: 'AUTO' } };
const event = { id: 'e-1', ...withoutId };

const checks = compileEventChecks();
const limits = { maxEvents: 10, maxEventBytes: 10_000, maxJsonDepth: 8, maxTextBytes: 300 };
const robot = { kind: 'robot', id: 'r-1' } as const;

interface Sent {
  readonly text?: string;
  readonly sender?: Sender;
  readonly dialect?: DialectType;
  readonly sentAtMs?: number;
}

/** As they come in one body; one event by itself, several as a list. */
function check(events: readonly unknown[], { text, sender = robot, dialect, sentAtMs }: Sent = {}): CheckedEvent[] {
  const body = Buffer.from(text ?? ` ${JSON.stringify(events.length === 1 ? events[0] : events)}`);
  const parsed = parseBody({ 'content-type': 'application/json' }, body, limits);
  if (parsed.kind === 'refused') throw new Error(parsed.detail);
  const maySendFor = (fleetId: string, robotId: string) => fleetId === 'f-1' && robotId.startsWith('r-');
  const signed = { sender, webhookId: 'msg', sentAtMs, body };
  return checkEvents(parsed, { ...signed, dialect, maySendFor, checks, maxEventBytes: 400 });
}

/** What is to be appended, or the code that stands against it. */
function outcome(checked: CheckedEvent | undefined): string | undefined {
  return checked?.kind === 'valid'
    ? checked.value.toString()
    : checked?.kind === 'rejected'
      ? checked.result.code
      : undefined;
}

describe('checkEvents', () => {
  it('takes the bytes received for a canonical event that is the whole body', () => {
    expect(outcome(check([event])[0])).toBe(` ${JSON.stringify(event)}`);
  });

  it('writes the event anew when something had to be filled in', () => {
    const [completed] = check([withoutId]);
    expect(JSON.parse(outcome(completed) ?? '')).toEqual({ ...withoutId, id: 'msg' });
  });

  it("gives an event without a time that of the robot's signature, never that of a site server's", () => {
    const timeOf = (sent: Sent) => {
      const [checked] = check([withoutId], { ...sent, sentAtMs: 1000 });
      return checked?.kind === 'valid' ? checked.event.time : checked?.kind;
    };
    expect(timeOf({})).toBe('1970-01-01T00:00:01.000Z');
    expect(timeOf({ sender: { kind: 'fleet', id: 'f-1' } })).toBeUndefined();
  });

  it('gives events without an id one that a repetition of the request gives again', () => {
    const ids = check([withoutId, event, withoutId]).map((checked) => (checked.kind === 'valid' ? checked.id : ''));
    expect(ids).toEqual(['msg-0', 'e-1', 'msg-2']);
    expect(check([], { text: JSON.stringify([withoutId]) })[0]).toMatchObject({ id: 'msg-0' });
  });

  it('lets the second of two events with one id share the fate of the first', () => {
    expect(check([event, { ...event, data: {} }])[1]).toEqual({ kind: 'repeated', id: 'e-1', of: 0 });
  });

  it('does not count a bad event as the first of its id', () => {
    const kinds = check([{ ...event, type: 'no.such.v1' }, event]).map(({ kind }) => kind);
    expect(kinds).toEqual(['rejected', 'valid']);
  });

  it.each([
    { name: 'no object', bad: 7, id: 'msg', code: 'FS_EVENT_MALFORMED' },
    {
      name: 'too large',
      bad: { ...event, data: { raw: 'x'.repeat(290), b: 'x'.repeat(290) } },
      id: 'e-1',
      code: 'FS_EVENT_TOO_LARGE',
    },
    { name: "another robot's", bad: { ...event, source: '/robots/r-2' }, id: 'e-1', code: 'FS_ROBOT_MISMATCH' },
    { name: 'of no type', bad: { ...event, type: 'fleet.tick.v1' }, id: 'e-1', code: 'FS_EVENT_TYPE_UNKNOWN' },
  ])('rejects an event that is $name with $code', ({ bad, id, code }) => {
    expect(check([bad])[0]).toMatchObject({ kind: 'rejected', result: { id, result: 'rejected', code } });
  });

  it('cuts the events of a batch out of the bytes that were signed', () => {
    const [first, second] = [` ${JSON.stringify(event)}`, JSON.stringify({ ...event, id: 'e-2' }, null, 1)];
    const checked = check([], { text: `[${first} ,\n${second}]` });
    expect(checked.map(outcome)).toEqual([first.trim(), second]);
  });

  it.each([
    { name: 'a member said twice', data: '{"mode":"A","mode":"B"}', code: 'FS_JSON_KEY_REPEATED' },
    {
      name: 'a member said twice, once in escapes',
      data: '{"mode":"A","m\\u006fde":"B"}',
      code: 'FS_JSON_KEY_REPEATED',
    },
    { name: 'an integer that would be rounded', data: '{"raw":9007199254740993}', code: 'FS_JSON_NUMBER_UNSAFE' },
    { name: 'nanoseconds', data: '{"raw":{"t":[-1772359200000000001]}}', code: 'FS_JSON_NUMBER_UNSAFE' },
    { name: 'a number that overflows', data: '{"raw":1e999}', code: 'FS_JSON_NUMBER_UNSAFE' },
    { name: 'the greatest exact integer', data: '{"raw":9007199254740991}', code: undefined },
    { name: 'a fraction, which is a double in any case', data: '{"raw":0.12345678901234567890}', code: undefined },
    { name: 'half a surrogate pair', data: '{"raw":"\\ud83d"}', code: 'FS_JSON_TEXT_UNSAFE' },
    { name: 'the wrong half first', data: '{"raw":"\\ude00\\ud83d"}', code: 'FS_JSON_TEXT_UNSAFE' },
    { name: 'a whole surrogate pair', data: '{"raw":"\\ud83d\\ude00"}', code: undefined },
    { name: 'an escaped backslash before what looks like one', data: '{"raw":"\\\\ud83d"}', code: undefined },
    { name: 'NUL', data: '{"raw":"a\\u0000b"}', code: 'FS_JSON_TEXT_UNSAFE' },
    { name: 'a text of the most bytes', data: `{"raw":"${'x'.repeat(240)}"}`, code: undefined },
    { name: 'a text that is too long', data: `{"raw":"${'x'.repeat(301)}"}`, code: 'FS_JSON_TEXT_TOO_LONG' },
    { name: 'all levels', data: `{"raw":${'['.repeat(6)}1${']'.repeat(6)}}`, code: undefined },
    { name: 'one level too many', data: `{"raw":${'['.repeat(7)}1${']'.repeat(7)}}`, code: 'FS_JSON_TOO_DEEP' },
  ])('$name: $code', ({ data, code }) => {
    const text = `{"specversion":"1.0","id":"e-1","source":"/robots/r-1","type":"robot.state.v1","data":${data}}`;
    const [alone] = check([], { text });
    const among = check([], { text: `[${text},${JSON.stringify({ ...event, id: 'e-2' })}]` });
    if (code === undefined) expect([alone, ...among].map((one) => one?.kind)).toEqual(['valid', 'valid', 'valid']);
    else {
      expect([alone, ...among].map(outcome).slice(0, 2)).toEqual([code, code]);
      expect(among[1]?.kind).toBe('valid');
    }
  });

  describe('from a fleet', () => {
    const sender = { kind: 'fleet', id: 'f-1' } as const;

    it('go each to its own robot, with ids of its own', () => {
      const checked = check([event, { ...event, source: '/robots/r-2' }], { sender });
      expect(checked.map((one) => one.kind === 'valid' && one.robotId)).toEqual(['r-1', 'r-2']);
    });

    it.each([
      { name: "another fleet's robot", source: '/robots/s-1', code: 'FS_FLEET_ROBOT_FOREIGN' },
      { name: 'no robot', source: undefined, code: 'FS_EVENT_MALFORMED' },
      { name: 'more than a robot', source: '/robots/r-1/x', code: 'FS_EVENT_MALFORMED' },
    ])('are rejected for $name', ({ source, code }) => {
      expect(outcome(check([{ ...event, source }], { sender })[0])).toBe(code);
    });

    it('are rejected when the fleet was granted nothing', () => {
      expect(outcome(check([event], { sender: { kind: 'fleet', id: 'f-2' } })[0])).toBe('FS_FLEET_ROBOT_FOREIGN');
    });
  });

  it('keeps the very digits of a dialect, where an event would be refused', () => {
    const [checked] = check([], { text: '{"headerId":18446744073709551615}', dialect: 'vda5050.connection.v2' });
    expect(outcome(checked)).toMatch(/"number-beyond-exact".*"raw":\{"headerId":18446744073709551615\}\}\}$/);
  });
});
