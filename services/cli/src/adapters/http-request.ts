import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { failUnreachable } from '../cli-failure.ts';
import { type GatewayAddress } from '../platform-access.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** For an answer that takes longer than most. */
  readonly timeoutMs?: number;
}

const timeoutMsDefault = 15_000;

/** @throws CliFailure 3 when nothing answers */
export async function sendHttpRequest(gateway: GatewayAddress, request: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(request.path, gateway.url);
  const { method, headers, body, timeoutMs = timeoutMsDefault } = request;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const ca = gateway.ca === undefined ? {} : { ca: gateway.ca };
      const outgoing = send(url, { method, headers, signal, ...ca }, (answer) => {
        text(answer).then((read) => {
          resolve({ status: answer.statusCode ?? 0, body: read });
        }, reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  } catch (thrown) {
    return failUnreachable(`${url.origin} can't be reached: ${toReason(thrown, timeoutMs)}. Does "npm start" run?`);
  }
}

function toReason(thrown: unknown, timeoutMs: number): string {
  const { code, message, name } = thrown as NodeJS.ErrnoException;
  if (name === 'AbortError' || name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND') return 'no such host';
  if (code?.includes('CERT') === true || code?.includes('SIGNATURE') === true)
    return `${message} (is --ca the right file?)`;
  return message;
}
