import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';

const sane = /^[\w.:-]{1,64}$/;

/** The gateway's id of a request, or a new one when it sent none that is fit for a log and an answer. */
export function readRequestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && sane.test(given) ? given : randomUUID();
}
