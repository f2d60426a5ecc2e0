import {
  type DialectType,
  type EventChecks,
  type EventResult,
  type FleetEvent,
  parseRobotEvent,
  type RobotEventType,
} from '@fleetstream/contracts';
import { type ErrorCode, isRobotId } from '@fleetstream/kernel';
import { checkJson } from './check-json.ts';
import { type Sender } from './ingest-target.ts';
import { type ParsedBody } from './parse-body.ts';
import { type JsonSpan } from './scan-json.ts';

/** What became of one event of a request before the log was asked. */
export type CheckedEvent =
  | {
      readonly kind: 'valid';
      readonly id: string;
      /** Whose log it goes to. */
      readonly robotId: string;
      readonly event: FleetEvent<RobotEventType>;
      /** The record: the very bytes that were signed where they are the event. */
      readonly value: Buffer;
    }
  /** An earlier event of the same request has this id; it shares that one's fate. */
  | { readonly kind: 'repeated'; readonly id: string; readonly of: number }
  | { readonly kind: 'rejected'; readonly result: EventResult };

export interface CheckOptions {
  readonly sender: Sender;
  /** The events are messages of this dialect. */
  readonly dialect?: DialectType | undefined;
  /** Whether a fleet may send for a robot. */
  readonly maySendFor: (fleetId: string, robotId: string) => boolean;
  readonly checks: EventChecks;
  readonly webhookId: string;
  /** When the sender signed, by its own clock. */
  readonly sentAtMs?: number | undefined;
  readonly body: Buffer;
  readonly maxEventBytes: number;
}

/** Checks a request's events one by one; each gets its own outcome, none spoils another's. */
export function checkEvents(parsed: ParsedBody, options: CheckOptions): CheckedEvent[] {
  const firstWith = new Map<string, number>();
  return parsed.events.map((raw, index) => {
    const fallbackId = parsed.isBatch ? `${options.webhookId}-${index}` : options.webhookId;
    const span = parsed.spans[index] ?? wholeBody(options.body);
    const checked = checkEvent({ raw, span, fallbackId }, parsed, options);
    if (checked.kind !== 'valid') return checked;
    // A robot id holds no slash, so no two robots' events share a key.
    const key = `${checked.robotId}/${checked.id}`;
    const of = firstWith.get(key);
    if (of !== undefined) return { kind: 'repeated', id: checked.id, of };
    firstWith.set(key, index);
    return checked;
  });
}

interface Given {
  readonly raw: unknown;
  readonly span: JsonSpan;
  readonly fallbackId: string;
}

function checkEvent({ raw, span, fallbackId }: Given, parsed: ParsedBody, options: CheckOptions): CheckedEvent {
  const { dialect, body, checks, sender } = options;
  const problem = checkJson(parsed.spansAreEvents ? raw : dataOf(raw), span);
  // A robot that can't but send 64-bit integers in its own dialect is read: `raw` gets its bytes, not our rounding.
  const keepRaw = dialect !== undefined && problem?.code === 'FS_JSON_NUMBER_UNSAFE';
  if (problem !== undefined && !keepRaw) return rejected(idOf(raw) ?? fallbackId, problem.code, problem.detail);
  const robot = robotOf(raw, options);
  if (robot.kind === 'rejected') return rejected(idOf(raw) ?? fallbackId, robot.code, robot.detail);
  const { robotId } = robot;
  const deviations = keepRaw ? (['number-beyond-exact'] as const) : [];
  const given = dialect === undefined ? raw : { type: dialect, data: raw };
  // A site server's clock is not its robots'.
  const sentAtMs = sender.kind === 'robot' ? options.sentAtMs : undefined;
  const read = parseRobotEvent(given, { robotId, fallbackId, sentAtMs, deviations, checks });
  if (read.kind === 'rejected') return rejected(read.id ?? fallbackId, read.code, read.detail);
  const { event, canonical } = read;
  const value = canonical && parsed.spansAreEvents ? cut(parsed, body, span) : print(event, keepRaw, body, span);
  if (value.length <= options.maxEventBytes) return { kind: 'valid', id: event.id, robotId, event, value };
  const detail = `the event has ${value.length} bytes, ${options.maxEventBytes} are allowed`;
  return rejected(event.id, 'FS_EVENT_TOO_LARGE', detail);
}

/** A single event's record is its whole body, blanks and all: whoever has the request's signature can check it. */
function cut(parsed: ParsedBody, body: Buffer, span: JsonSpan): Buffer {
  return parsed.isBatch ? body.subarray(span.start, span.end) : body;
}

function print(event: FleetEvent<RobotEventType>, keepRaw: boolean, body: Buffer, span: JsonSpan): Buffer {
  if (!keepRaw) return Buffer.from(JSON.stringify(event));
  const marked = JSON.stringify({ ...event, data: { ...event.data, raw: null } });
  // `raw` is the last member of the last member: what follows it is known.
  const head = marked.slice(0, -'null}}'.length);
  return Buffer.concat([Buffer.from(head), body.subarray(span.start, span.end), Buffer.from('}}')]);
}

type RobotOf =
  | { readonly kind: 'robot'; readonly robotId: string }
  | { readonly kind: 'rejected'; readonly code: ErrorCode; readonly detail: string };

const sourcePattern = /^\/robots\/([^/]+)$/;

/** Whose event it is: the robot that signed, or the one that an event of a fleet names. */
function robotOf(raw: unknown, { sender, maySendFor }: CheckOptions): RobotOf {
  if (sender.kind === 'robot') return { kind: 'robot', robotId: sender.id };
  const source = typeof raw === 'object' && raw !== null && 'source' in raw ? raw.source : undefined;
  const robotId = typeof source === 'string' ? sourcePattern.exec(source)?.[1] : undefined;
  if (robotId === undefined || !isRobotId(robotId)) {
    return { kind: 'rejected', code: 'FS_EVENT_MALFORMED', detail: 'source: /robots/{robotId} is needed of a fleet' };
  }
  if (maySendFor(sender.id, robotId)) return { kind: 'robot', robotId };
  return { kind: 'rejected', code: 'FS_FLEET_ROBOT_FOREIGN', detail: 'source: is no robot of this fleet' };
}

/** The event's own id where an answer may repeat it. */
function idOf(raw: unknown): string | undefined {
  const id = typeof raw === 'object' && raw !== null && 'id' in raw ? raw.id : undefined;
  return typeof id === 'string' && /^[\x21-\x7e]{1,128}$/.test(id) ? id : undefined;
}

function dataOf(raw: unknown): unknown {
  return typeof raw === 'object' && raw !== null && 'data' in raw ? raw.data : undefined;
}

function wholeBody(body: Buffer): JsonSpan {
  return { start: 0, end: body.length, keys: 0, problem: undefined };
}

function rejected(id: string, code: ErrorCode, detail: string): CheckedEvent {
  return { kind: 'rejected', result: { id, result: 'rejected', code, detail } };
}
