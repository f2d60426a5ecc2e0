import { type EventResult, type FleetEvent, parseRobotEvent, type RobotEventType } from '@fleetstream/contracts';
import { type ErrorCode } from '@fleetstream/kernel';
import { type ParsedBody } from './parse-body.ts';

/** What became of one event of a request before the log was asked. */
export type CheckedEvent =
  | {
      readonly kind: 'valid';
      readonly id: string;
      readonly robotId: string;
      /** What it says, for those who weigh it; what goes to the log is `value`. */
      readonly event: FleetEvent<RobotEventType>;
      readonly value: Buffer;
    }
  /** An earlier event of the same request has this id; it shares that one's fate. */
  | { readonly kind: 'repeated'; readonly id: string; readonly of: number }
  | { readonly kind: 'rejected'; readonly result: EventResult };

export interface CheckOptions {
  readonly robotId: string;
  readonly webhookId: string;
  readonly body: Buffer;
  readonly maxEventBytes: number;
}

/** Checks a request's events one by one; each gets its own outcome, none spoils another's. */
export function checkEvents(parsed: ParsedBody, options: CheckOptions): CheckedEvent[] {
  const firstWith = new Map<string, number>();
  return parsed.events.map((raw, index) => {
    const fallbackId = parsed.isBatch ? `${options.webhookId}-${index}` : options.webhookId;
    const checked = checkEvent(raw, fallbackId, parsed.bytesAreTheEvent, options);
    if (checked.kind !== 'valid') return checked;
    const of = firstWith.get(checked.id);
    if (of !== undefined) return { kind: 'repeated', id: checked.id, of };
    firstWith.set(checked.id, index);
    return checked;
  });
}

function checkEvent(raw: unknown, fallbackId: string, bytesAreTheEvent: boolean, options: CheckOptions): CheckedEvent {
  const parsed = parseRobotEvent(raw, { robotId: options.robotId, fallbackId });
  if (parsed.kind === 'rejected') return rejected(parsed.id ?? fallbackId, parsed.code, parsed.detail);
  const { event, canonical } = parsed;
  // The very bytes that were signed, where they are the event: nothing is lost in translation, and nothing is spent.
  const value = bytesAreTheEvent && canonical ? options.body : Buffer.from(JSON.stringify(event));
  if (value.length <= options.maxEventBytes) return { kind: 'valid', id: event.id, robotId: options.robotId, event, value };
  const detail = `the event has ${value.length} bytes, ${options.maxEventBytes} are allowed`;
  return rejected(event.id, 'FS_EVENT_TOO_LARGE', detail);
}

function rejected(id: string, code: ErrorCode, detail: string): CheckedEvent {
  return { kind: 'rejected', result: { id, result: 'rejected', code, detail } };
}
