import { type ErrorCode } from '@fleetstream/kernel';
import { type z } from 'zod';
import { toConformance } from './dialects/conformance.ts';
import { type DialectDeviation } from './dialects/dialect-deviations.ts';
import { isDialectType, mapDialect } from './dialects/map-dialect.ts';
import { type EventChecks } from './event-checks.ts';
import { envelopeSchema, type FleetEvent, toRobotSource } from './event-envelope.ts';
import { isRobotEventType, robotEventSchemas, type RobotEventType } from './events/index.ts';
import { findUnsafeJson } from './find-unsafe-json.ts';
import { toIssueDetail, truncate } from './issue-detail.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

export interface RobotEventGiven {
  /** The robot that signed, or that the site server speaks for. */
  readonly robotId: string;
  /** The id of an event that has none: derived from the webhook id, so that a retry has the same. */
  readonly fallbackId: string;
  /** When the robot sent it, by its own clock, in milliseconds since the epoch: the time of an event that says none. */
  readonly sentAtMs?: number | undefined;
  /** What the caller saw of a dialect's message that its parsed form doesn't show. */
  readonly deviations?: readonly DialectDeviation[];
  /** Answers most events without zod. The outcome is the same without them. */
  readonly checks?: EventChecks;
}

/**
 * `canonical` says that the event stands in the log exactly as it was given, so the very bytes received may be
 * appended; otherwise append `JSON.stringify(event)`. `deviations` says where a dialect's message departs from its
 * standard.
 */
export type ParsedRobotEvent =
  | {
      readonly kind: 'event';
      readonly event: FleetEvent<RobotEventType>;
      readonly canonical: boolean;
      readonly deviations: readonly DialectDeviation[];
    }
  /** `id` is the event's own, when it has one that may be repeated in an answer. */
  | { readonly kind: 'rejected'; readonly code: ErrorCode; readonly detail: string; readonly id: string | undefined };

type Rejected = Extract<ParsedRobotEvent, { kind: 'rejected' }>;
type Rejection = Omit<Rejected, 'kind' | 'id'>;
type Step<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly rejection: Rejection };

const attributeNames: ReadonlySet<string> = new Set(Object.keys(envelopeSchema.shape));
/** CloudEvents: lower-case letters and digits; the length is ours, the specification recommends at most 20. */
const extensionPattern = /^[a-z0-9]{1,32}$/;
const extensionsMax = 16;
const extensionTextMax = 256;
/** Names that break consumers which copy attributes into a plain object. */
const reservedExtensions: ReadonlySet<string> = new Set(['constructor', 'prototype']);
const sequenceTextPattern = /^\d{1,16}$/;

/**
 * Checks one event of a robot's request and makes it what the log holds. Total: any JSON value gives an answer.
 *
 * - A plain `{ type, data }` gets `specversion`, `id` (the fallback) and `source`; attributes that are `null` count as
 *   left out, as CloudEvents says; a `sequence` given as decimal text (the way headers carry it) becomes a number.
 * - What is filled in so gets a `time`, too, when it has none and `sentAtMs` is known: by `time` a robot's clock is measured.
 * - Attributes beside the known ones must be CloudEvents extensions (lower-case letters and digits, a text, number or
 *   boolean) and are kept.
 * - Keys of `data` that its schema doesn't know are kept in the log as sent; the robot model doesn't see them.
 * - Types of a dialect (`vda5050.state.v2`, `massrobotics.status.v1`, …), whose `data` is the raw message, become
 *   `robot.state.v1` with the message in `data.raw`, the last member; the message's timestamp serves as `time` when the
 *   event has none.
 */
export function parseRobotEvent(raw: unknown, given: RobotEventGiven): ParsedRobotEvent {
  if (!isJsonObject(raw)) return { kind: 'rejected', ...malformed('event: is not a JSON object'), id: undefined };
  const id = raw['id'] ?? given.fallbackId;
  const reject = (rejection: Rejection): Rejected => ({
    kind: 'rejected',
    ...rejection,
    id: envelopeSchema.shape.id.safeParse(id).data,
  });
  const attributes = readAttributes(raw, given);
  if (!attributes.ok) return reject(attributes.rejection);
  const mapped = readDialect(attributes.value, given);
  if (!mapped.ok) return reject(mapped.rejection);
  const { event, deviations } = mapped.value;
  const rejection = checkEvent(event, given);
  if (rejection !== undefined) return reject(rejection);
  // Sound by `checkEvent`: the envelope, the type and `data` fit their schemas, though keys beyond them may be there.
  const canonical = event === raw;
  return { kind: 'event', event: event as unknown as FleetEvent<RobotEventType>, canonical, deviations };
}

/** The event with its defaults; `raw` itself when nothing had to be filled in. */
function readAttributes(raw: JsonObject, given: RobotEventGiven): Step<JsonObject> {
  let changed = false;
  let extensions = 0;
  for (const name of Object.keys(raw)) {
    const value = raw[name];
    if (value === null && name !== 'data') changed = true;
    else if (!attributeNames.has(name)) {
      extensions += 1;
      const problem =
        extensions > extensionsMax ? `more than ${extensionsMax} extensions` : checkExtension(name, value);
      if (problem !== undefined) return { ok: false, rejection: malformed(problem) };
    }
  }
  const sequence = raw['sequence'];
  if (typeof sequence === 'string' && sequenceTextPattern.test(sequence)) changed = true;
  if (raw['specversion'] === undefined || raw['id'] === undefined || raw['source'] === undefined) changed = true;
  return { ok: true, value: changed ? rebuild(raw, given) : raw };
}

function rebuild(raw: JsonObject, given: RobotEventGiven): JsonObject {
  const event: JsonObject = { specversion: '1.0', id: given.fallbackId, source: toRobotSource(given.robotId) };
  // A dialect's message has its own.
  const time = isDialectType(raw['type']) ? undefined : toTime(given.sentAtMs);
  if (time !== undefined) event['time'] = time;
  for (const [name, value] of Object.entries(raw)) {
    if (value === undefined || (value === null && name !== 'data')) continue;
    if (name === 'sequence' && typeof value === 'string' && sequenceTextPattern.test(value))
      event[name] = Number(value);
    else event[name] = value;
  }
  return event;
}

/** A moment that RFC 3339 has no words for, a clock far beyond any year of ours, is none. */
function toTime(ms: number | undefined): string | undefined {
  return ms === undefined || ms > lastMsOfYear9999 ? undefined : new Date(ms).toISOString();
}

const lastMsOfYear9999 = 253_402_300_799_999;

function checkExtension(name: string, value: unknown): string | undefined {
  if (!extensionPattern.test(name) || reservedExtensions.has(name)) {
    return `${truncate(JSON.stringify(name), 48)}: is no attribute; extensions are lower-case letters and digits`;
  }
  if (typeof value === 'string') {
    return value.length <= extensionTextMax ? undefined : `${name}: longer than ${extensionTextMax} characters`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return undefined;
  return `${name}: an extension is a text, a number or a boolean`;
}

function readDialect(
  event: JsonObject,
  { deviations: seen = [], sentAtMs }: RobotEventGiven,
): Step<{ event: JsonObject; deviations: readonly DialectDeviation[] }> {
  const { type } = event;
  if (!isDialectType(type)) return { ok: true, value: { event, deviations: [] } };
  const message = event['data'];
  if (!isJsonObject(message)) return { ok: false, rejection: malformed(`data: is not a ${type} message`) };
  const read = mapDialect(type, message);
  const deviations = [...read.deviations, ...seen];
  const mapped: JsonObject = { ...event, type: 'robot.state.v1' satisfies RobotEventType };
  delete mapped['data'];
  const time = mapped['time'] ?? read.time ?? toTime(sentAtMs);
  if (time !== undefined) mapped['time'] = time;
  // The raw message comes last of all: whoever has its bytes can put them there instead of what was parsed of them.
  mapped['data'] = {
    ...read.data,
    ...(deviations.length > 0 && { deviations }),
    conformance: toConformance({ ...read, deviations }),
    raw: message,
  };
  return { ok: true, value: { event: mapped, deviations } };
}

function checkEvent(event: JsonObject, { robotId, checks }: RobotEventGiven): Rejection | undefined {
  if (checks?.envelope(event) !== true) {
    const envelope = envelopeSchema.safeParse(event);
    if (!envelope.success) return malformed(toIssueDetail(envelope.error));
  }
  // Texts, as the envelope has them.
  const { type, source } = event as { readonly type: string; readonly source: string };
  if (source !== toRobotSource(robotId)) {
    return { code: 'FS_ROBOT_MISMATCH', detail: `source: is not ${toRobotSource(robotId)}` };
  }
  if (!isRobotEventType(type)) {
    return { code: 'FS_EVENT_TYPE_UNKNOWN', detail: `type: ${JSON.stringify(type)} is none that a robot may send` };
  }
  const data = event['data'];
  if (checks?.data[type](data) !== true) {
    const schema: z.ZodType = robotEventSchemas[type];
    const read = schema.safeParse(data);
    if (!read.success) return malformed(toIssueDetail(read.error, 'data'));
  }
  const unsafe = findUnsafeJson(data);
  return unsafe === undefined ? undefined : malformed(`data: ${unsafe}`);
}

function malformed(detail: string): Rejection {
  return { code: 'FS_EVENT_MALFORMED', detail };
}
