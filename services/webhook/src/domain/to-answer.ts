import { type EventResult, type IngestAnswer, type Problem, toProblem } from '@fleetstream/contracts';
import { type ErrorCode } from '@fleetstream/kernel';
import { type Refusal } from './refusal.ts';

/** What is said to the sender. A `code` marks a problem document. */
export interface Answer {
  readonly status: number;
  readonly code: ErrorCode | undefined;
  readonly body: IngestAnswer | Problem;
  /** Some of it, or all, should be sent again. */
  readonly retry: boolean;
  /** The first event that was rejected beside others that were not. */
  readonly rejected: EventResult | undefined;
  /** Further members of the body as JSON text, each with a comma before it: `IngestHints`, never parsed on the way. */
  readonly hints: string;
}

/**
 * The answer to a request whose events were looked at singly: 202 when at least one is in the log, now or from before;
 * otherwise 503 when one may still get there as it is (429 when it is the robot itself that sent too much), otherwise
 * 422. Senders read `results` in all of them.
 */
export function toAnswer(results: readonly EventResult[], requestId: () => string, hints = ''): Answer {
  let inLog = false;
  let retried: EventResult | undefined;
  let rejected: EventResult | undefined;
  for (const event of results) {
    if (event.result === 'retry') retried ??= event;
    else if (event.result === 'rejected') rejected ??= event;
    else inLog = true;
  }
  const retry = retried !== undefined;
  if (inLog) return { status: 202, code: undefined, body: { results }, retry, rejected, hints };
  const code = (retried ?? results[0])?.code ?? 'FS_INTERNAL';
  const status = !retry ? 422 : code === 'FS_RATE_LIMITED' ? 429 : 503;
  const detail =
    results.length === 1 ? (results[0]?.detail ?? '') : 'no event was accepted; results says why, one by one';
  const body = toProblem(code, detail, { status, requestId: requestId(), results });
  return { status, code, body, retry, rejected: undefined, hints };
}

/** The members of `IngestHints` as they go into an answer; an empty text for none. */
export function toHints(folded: readonly string[], reportEveryMs: number, clockOffsetSeconds: number): string {
  const boots = folded.length === 0 ? '' : `,"folded":[${folded.join(',')}]`;
  const interval = reportEveryMs === 0 ? '' : `,"reportEveryMs":${reportEveryMs}`;
  // Below it, it is the network and the whole seconds of a signature's time.
  const clock =
    Math.abs(clockOffsetSeconds) < clockToldFromSeconds
      ? ''
      : `,"clockOffsetMs":${Math.round(clockOffsetSeconds * 1000)}`;
  return boots + interval + clock;
}

const clockToldFromSeconds = 5;

/** The answer to a request that was turned away as a whole. */
export function toRefusalAnswer({ code, detail }: Refusal, requestId: string): Answer {
  const body = toProblem(code, detail, { requestId });
  const retry = body.status === 503 || body.status === 429;
  return { status: body.status, code, body, retry, rejected: undefined, hints: '' };
}
