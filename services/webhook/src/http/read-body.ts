import { type IncomingMessage } from 'node:http';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type BodyDeadlines } from './body-deadlines.ts';
import { type ByteHold } from './byte-budget.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  /** For the whole body, in milliseconds: a sender that trickles doesn't prolong it. */
  readonly bodyTimeoutMs: number;
}

export type BodyRead =
  | { readonly kind: 'body'; readonly body: Buffer }
  | Refusal
  /** The sender hung up: there is nobody to answer. */
  | { readonly kind: 'gone' };

/**
 * Reads a body, and no further than its limits: what is too large is refused at its announcement or its first byte past
 * the limit.
 *
 * @param startedMs when the request came, by the clock of `deadlines`
 * @param onRead called once
 */
export function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  hold: ByteHold,
  deadlines: BodyDeadlines,
  startedMs: number,
  onRead: (read: BodyRead) => void,
): void {
  const { maxBodyBytes, bodyTimeoutMs } = limits;
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
    onRead(tooLarge(maxBodyBytes));
    return;
  }
  if (!hold.take(0)) {
    onRead(overloaded());
    return;
  }
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let sizeBytes = 0;
  let ended = false;
  const leave = (read: BodyRead) => {
    ended = true;
    deadlines.forget(watched);
    // Whatever still comes must not pile up, neither here nor in the stream's buffer; see `discardRest`.
    request.off('data', onData).off('end', onEnd);
    request.pause();
    onRead(read);
  };
  const onData = (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) leave(tooLarge(maxBodyBytes));
    else if (!hold.take(chunk.length)) leave(overloaded());
    else if (first === undefined) first = chunk;
    else (more ??= [first]).push(chunk);
  };
  const onEnd = () => {
    ended = true;
    deadlines.forget(watched);
    onRead({ kind: 'body', body: more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more) });
  };
  // Node tells of a sender that hangs up by an error, where somebody listens for it.
  const onError = () => {
    if (!ended) leave({ kind: 'gone' });
  };
  const watched = deadlines.watch({
    dueMs: startedMs + bodyTimeoutMs,
    onLate: () => {
      leave(refuse('FS_BODY_TIMEOUT', `the body did not end within ${bodyTimeoutMs} ms`));
    },
  });
  request.on('data', onData).on('end', onEnd).on('error', onError);
}

function tooLarge(maxBytes: number): Refusal {
  return refuse('FS_BODY_TOO_LARGE', `the body has more than ${maxBytes} bytes`);
}

function overloaded(): Refusal {
  return refuse('FS_OVERLOADED', 'this pod holds as many bytes as it may');
}
