import { type ServerResponse } from 'node:http';
import { contentTypes } from '@fleetstream/contracts';
import { type Answer } from '../domain/to-answer.ts';

export interface SendOptions {
  /** Ends the connection after this answer. */
  readonly close: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Spreads those who were told to come back: 1, 2 and 3 seconds in turn. */
const retryAfterSecondsMax = 3;

/** Writes answers; a sender that has hung up meanwhile is no error. */
export function createAnswerSender(): (response: ServerResponse, answer: Answer, options: SendOptions) => void {
  let turn = 0;
  return (response, answer, options) => {
    if (response.headersSent || response.destroyed) return;
    // As text, it goes out with the headers in one write.
    const text = JSON.stringify(answer.body);
    const body = answer.hints === undefined ? text : `${text.slice(0, -1)}${answer.hints}}`;
    const headers: Record<string, string | number> = {
      ...options.headers,
      'content-type': answer.code === undefined ? contentTypes.json : contentTypes.problem,
      'content-length': Buffer.byteLength(body),
    };
    if (answer.retry) {
      turn = (turn % retryAfterSecondsMax) + 1;
      headers['retry-after'] = turn;
    }
    if (options.close) headers['connection'] = 'close';
    response.writeHead(answer.status, headers);
    response.end(body);
  };
}
