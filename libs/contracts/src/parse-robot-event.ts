import { type ErrorCode } from '@fleetstream/kernel';
import { type FleetEvent } from './event-envelope.ts';
import { type RobotEventType } from './events/index.ts';

export interface RobotEventGiven {
  /** The robot that signed, or that the site server speaks for. */
  readonly robotId: string;
  /** The id of an event that has none: derived from the webhook id, so that a retry has the same. */
  readonly fallbackId: string;
}

export type ParsedRobotEvent =
  | { readonly kind: 'event'; readonly event: FleetEvent<RobotEventType>; readonly canonical: boolean }
  | { readonly kind: 'rejected'; readonly code: ErrorCode; readonly detail: string; readonly id: string | undefined };

export function parseRobotEvent(raw: unknown, given: RobotEventGiven): ParsedRobotEvent {
  return { kind: 'rejected', code: 'FS_EVENT_MALFORMED', detail: JSON.stringify([raw, given]), id: undefined };
}
