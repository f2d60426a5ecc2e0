import { type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { contentTypes } from '@fleetstream/contracts';
import { type Answer } from '../domain/to-answer.ts';

/** Spreads those who were told to come back: 1, 2 and 3 seconds in turn. */
const retryAfterSecondsMax = 3;

/**
 * @param close ends the connection after this answer
 * @param allow the methods that the path knows
 */
export type AnswerSender = (response: ServerResponse, answer: Answer, close: boolean, allow?: string) => void;

/** Writes answers; a sender that has hung up meanwhile is no error. */
export function createAnswerSender(): AnswerSender {
  let turn = 0;
  return (response, answer, close, allow) => {
    if (response.headersSent || response.destroyed) return;
    // As text, it goes out with the headers in one write.
    const text = JSON.stringify(answer.body);
    const body = answer.hints === '' ? text : `${text.slice(0, -1)}${answer.hints}}`;
    const headers: OutgoingHttpHeaders = {
      'content-type': answer.code === undefined ? contentTypes.json : contentTypes.problem,
      'content-length': Buffer.byteLength(body),
    };
    if (allow !== undefined) headers.allow = allow;
    if (answer.retry) {
      turn = (turn % retryAfterSecondsMax) + 1;
      headers['retry-after'] = String(turn);
    }
    if (close) headers.connection = 'close';
    response.writeHead(answer.status, headers);
    response.end(body);
  };
}
