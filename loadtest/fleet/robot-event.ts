import { createHash } from 'node:crypto';
import { toRobotSource } from '@fleetstream/contracts';

/** An event as its robot made it; its bytes never change, however often it is sent. */
export interface RobotEvent {
  readonly id: string;
  readonly type: string;
  /** The whole CloudEvent as canonical JSON. */
  readonly body: string;
  readonly sizeBytes: number;
  /** Its place among the robot's events, where it has one. */
  readonly bootid?: string | undefined;
  readonly sequence?: number | undefined;
  /** The part that the journal's hash is taken of: `body`, or the data of a dialect's event. */
  readonly hashed: string;
}

export interface RobotEventParts {
  readonly robotId: string;
  readonly id: string;
  readonly type: string;
  /** The device's clock as the device writes it. */
  readonly time?: string | undefined;
  readonly sequence?: number | undefined;
  readonly bootid?: string | undefined;
  /** `JSON.stringify(data)`, so that a recording is serialised once however many robots replay it. */
  readonly dataText: string;
}

/** Builds the event with its members in the envelope's order, which together with compact JSON makes it canonical. */
export function createRobotEvent(parts: RobotEventParts): RobotEvent {
  const { id, type, dataText } = parts;
  const head = JSON.stringify({
    specversion: '1.0',
    id,
    source: toRobotSource(parts.robotId),
    type,
    time: parts.time,
    sequence: parts.sequence,
    bootid: parts.bootid,
  });
  const body = `${head.slice(0, -1)},"data":${dataText}}`;
  const { bootid, sequence } = parts;
  const hashed = isDialect(type) ? dataText : body;
  return { id, type, body, sizeBytes: Buffer.byteLength(body), bootid, sequence, hashed };
}

/** Whether the webhook maps the event to a type of the product's own and keeps its data as `raw`. */
export function isDialect(type: string): boolean {
  return !type.startsWith('robot.');
}

/** What the journal says of the event's content. */
export function hashRobotEvent(event: RobotEvent): string {
  return createHash('sha256').update(event.hashed).digest('hex');
}

/** An id from content: the same content gives the same id. 132 bits are far from colliding in a fleet's life. */
export function toContentId(...content: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of content) hash.update(part).update('\n');
  return hash.digest('base64url').slice(0, 22);
}
