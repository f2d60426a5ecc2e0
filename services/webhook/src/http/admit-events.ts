import { type IncomingMessage } from 'node:http';
import { type EventChecks } from '@fleetstream/contracts';
import { type CheckedEvent, checkEvents } from '../domain/check-events.ts';
import { type IngestTarget } from '../domain/ingest-target.ts';
import { parseBody } from '../domain/parse-body.ts';
import { type Refusal } from '../domain/refusal.ts';
import { authenticate, type TrustPorts } from './authenticate.ts';
import { type ByteHold } from './byte-budget.ts';
import { inflateBody, isCompressed } from './inflate-body.ts';
import { type Verified } from './verify-signature.ts';

export interface AdmissionOptions extends TrustPorts {
  readonly checks: EventChecks;
  readonly limits: AdmissionLimits;
  /** Told of every request whose sender was believed. */
  readonly onClockOffset: (offsetSeconds: number, outOfWindow: boolean) => void;
}

export interface AdmissionLimits {
  readonly maxBodyBytes: number;
  readonly maxEventBytes: number;
  readonly maxBatchEvents: number;
  readonly maxJsonDepth: number;
  readonly maxTextBytes: number;
  readonly maxInflateRatio: number;
}

/** A request whose body was read. */
export interface ReadRequest {
  readonly request: IncomingMessage;
  readonly target: IngestTarget;
  readonly hold: ByteHold;
  /** As sent. */
  readonly body: Buffer;
  readonly nowMs: number;
}

/** A request's events, each with what its checks said. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly events: readonly CheckedEvent[];
  readonly clockOffsetSeconds: number;
}

/** A promise only where there is something to wait for: an ed25519 signature or a compressed body. */
export type Admission = Admitted | Refusal | Promise<Admitted | Refusal>;

/** From the bytes of a request to checked events: authenticates, inflates, parses, checks; the first refusal ends it. */
export function createAdmission(options: AdmissionOptions): (given: ReadRequest) => Admission {
  const { limits, checks, keys } = options;
  const parseLimits = { ...limits, maxEvents: limits.maxBatchEvents };
  const maySendFor = (fleetId: string, robotId: string) => keys.maySendFor(fleetId, robotId);

  const open = (given: ReadRequest, trust: Verified | Refusal): Admission => {
    if (trust.kind === 'refused') return trust;
    options.onClockOffset(trust.clockOffsetSeconds, trust.clockOutOfWindow);
    const { headers } = given.request;
    if (!isCompressed(headers)) return check(given, trust, given.body);
    return inflateBody(headers, given.body, limits, given.hold).then((inflated) =>
      inflated.kind === 'refused' ? inflated : check(given, trust, inflated.body),
    );
  };

  const check = ({ request, target }: ReadRequest, trust: Verified, body: Buffer): Admitted | Refusal => {
    const { sender, dialect } = target;
    const parsed = parseBody(request.headers, body, parseLimits, dialect !== undefined);
    if (parsed.kind === 'refused') return parsed;
    const { webhookId, sentAtMs, clockOffsetSeconds } = trust;
    const { maxEventBytes } = limits;
    const events = checkEvents(parsed, {
      sender,
      dialect,
      maySendFor,
      checks,
      webhookId,
      sentAtMs,
      body,
      maxEventBytes,
    });
    return { kind: 'admitted', events, clockOffsetSeconds };
  };

  return (given) => {
    const trust = authenticate(options, given.request, given.target.sender, given.body, given.nowMs);
    return trust instanceof Promise ? trust.then((said) => open(given, said)) : open(given, trust);
  };
}
