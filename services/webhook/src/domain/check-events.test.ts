import { describe, expect, it } from 'vitest';
import { type CheckedEvent, checkEvents } from './check-events.ts';
import { type ParsedBody } from './parse-body.ts';

const withoutId = { specversion: '1.0', source: '/robots/r-1', type: 'robot.state.v1', data: { mode: 'AUTO' } };
const event = { id: 'e-1', ...withoutId };

function check(events: readonly unknown[], parsed: Partial<ParsedBody> = {}): CheckedEvent[] {
  const body = Buffer.from(` ${JSON.stringify(events[0])}`);
  return checkEvents(
    { kind: 'parsed', events, bytesAreTheEvent: false, isBatch: events.length > 1, ...parsed },
    { robotId: 'r-1', webhookId: 'msg', body, maxEventBytes: 200 },
  );
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
    expect(outcome(check([event], { bytesAreTheEvent: true })[0])).toBe(` ${JSON.stringify(event)}`);
  });

  it('writes the event anew when the bytes are more or other than the event', () => {
    expect(outcome(check([event])[0])).toBe(JSON.stringify(event));
    const [completed] = check([withoutId], { bytesAreTheEvent: true });
    expect(JSON.parse(outcome(completed) ?? '')).toEqual({ ...withoutId, id: 'msg' });
  });

  it('gives events without an id one that a repetition of the request gives again', () => {
    const ids = check([withoutId, event, withoutId]).map((checked) => (checked.kind === 'valid' ? checked.id : ''));
    expect(ids).toEqual(['msg-0', 'e-1', 'msg-2']);
    expect(check([withoutId], { isBatch: true })[0]).toMatchObject({ id: 'msg-0' });
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
    { name: 'too large', bad: { ...event, data: { raw: 'x'.repeat(200) } }, id: 'e-1', code: 'FS_EVENT_TOO_LARGE' },
    { name: "another robot's", bad: { ...event, source: '/robots/r-2' }, id: 'e-1', code: 'FS_ROBOT_MISMATCH' },
    { name: 'of no type', bad: { ...event, type: 'fleet.tick.v1' }, id: 'e-1', code: 'FS_EVENT_TYPE_UNKNOWN' },
  ])('rejects an event that is $name with $code', ({ bad, id, code }) => {
    expect(check([bad])[0]).toMatchObject({ kind: 'rejected', result: { id, result: 'rejected', code } });
  });
});
