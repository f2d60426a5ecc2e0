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
}

/**
 * The answer to a request whose events were looked at singly: 202 when at least one is in the log, now or from before;
 * otherwise 503 when one may still get there as it is, otherwise 422. Senders read `results` in all three.
 */
export function toAnswer(results: readonly EventResult[], requestId: () => string): Answer {
  const retried = results.find(({ result }) => result === 'retry');
  const retry = retried !== undefined;
  if (results.some(({ result }) => result === 'accepted' || result === 'duplicate')) {
    return { status: 202, code: undefined, body: { results }, retry };
  }
  const code = (retried ?? results[0])?.code ?? 'FS_INTERNAL';
  const status = retry ? 503 : 422;
  const detail =
    results.length === 1 ? (results[0]?.detail ?? '') : 'no event was accepted; results says why, one by one';
  return { status, code, body: toProblem(code, detail, { status, requestId: requestId(), results }), retry };
}

/** The answer to a request that was turned away as a whole. */
export function toRefusalAnswer({ code, detail }: Refusal, requestId: string): Answer {
  const body = toProblem(code, detail, { requestId });
  return { status: body.status, code, body, retry: body.status === 503 };
}
