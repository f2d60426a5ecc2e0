import { nextTick } from 'node:process';
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

interface ReadyAnswer {
  readonly response: ServerResponse;
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/**
 * Writes answers; a sender that has hung up meanwhile is no error. The answers of one turn, such as to all whose events
 * one batch has brought into the log, go out one after the other at its end: among other requests' work, each would find
 * the way through the kernel gone from the processor's caches.
 */
export function createAnswerSender(): AnswerSender {
  let turn = 0;
  let ready: ReadyAnswer[] = [];
  const write = () => {
    const answers = ready;
    ready = [];
    for (const { response, status, headers, body } of answers) {
      if (response.headersSent || response.destroyed) continue;
      response.writeHead(status, headers);
      response.end(body);
    }
  };
  return (response, answer, close, allow) => {
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
    if (ready.push({ response, status: answer.status, headers, body }) === 1) nextTick(write);
  };
}
