import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { toMessage } from '@fleetstream/kernel';
import { type CallbackGuard } from './callback-guard.ts';

export interface CallbackRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** From the look-up of the name to the end of the answer. */
  readonly timeoutMs: number;
}

export type CallbackAnswer =
  | { readonly kind: 'delivered' }
  /**
   * `reason` is short and holds nothing of the answer's body, which nobody asked for. `unsent`: it is certain that the
   * robot has nothing, since no connection came about or it says so itself.
   */
  | { readonly kind: 'failed'; readonly reason: string; readonly unsent: boolean; readonly retryAfterMs?: number };

export interface CallbackPoster {
  /** Only a 2xx is a delivery. Redirects are not followed. Never rejects. */
  post(given: CallbackRequest): Promise<CallbackAnswer>;
  close(): void;
}

/** Connections to one target, and to all of them. */
const limits = { maxSockets: 8, maxTotalSockets: 64, maxFreeSockets: 16, timeout: 30_000 } as const;
/** A longer answer costs its connection. */
const answerBytesMax = 16 * 1024;

/** Posts to robots' callback URLs over HTTP/1.1 connections that are kept: each was checked when it was made. */
export function createCallbackPoster(guard: CallbackGuard): CallbackPoster {
  const http = new HttpAgent({ keepAlive: true, scheduling: 'lifo', ...limits });
  const https = new HttpsAgent({ keepAlive: true, scheduling: 'lifo', ...limits });
  return {
    post: (given) => {
      const url = URL.parse(given.url);
      const problem = url === null ? 'the callback URL can not be read' : guard.findProblem(url);
      if (url === null || problem !== undefined) {
        return Promise.resolve({ kind: 'failed', reason: problem ?? '', unsent: true });
      }
      const isHttps = url.protocol === 'https:';
      return new Promise((resolve) => {
        let connected = false;
        const outgoing = (isHttps ? requestHttps : requestHttp)(url, {
          method: 'POST',
          headers: { ...given.headers, 'content-length': given.body.length },
          lookup: guard.lookupFor(url.protocol),
          signal: AbortSignal.timeout(given.timeoutMs),
          agent: isHttps ? https : http,
        });
        outgoing.on('socket', (socket) => {
          // A kept one. With TLS nothing is written before the handshake is done either.
          if (!socket.connecting) connected = socket.readyState === 'open';
          else {
            socket.once(isHttps ? 'secureConnect' : 'connect', () => {
              connected = true;
            });
          }
        });
        outgoing.on('response', (response) => {
          discard(response);
          resolve(toAnswer(response));
        });
        outgoing.on('error', (thrown) => {
          resolve({ kind: 'failed', reason: toMessage(thrown).slice(0, 200), unsent: !connected });
        });
        outgoing.end(given.body);
      });
    },
    close: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/** A connection is only kept when its answer was read to the end. */
function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > answerBytesMax) response.destroy();
  });
}

function toAnswer({ statusCode: status = 0, headers }: IncomingMessage): CallbackAnswer {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const retryAfterMs = parseRetryAfter(headers['retry-after']);
  // 429, and 503 with a time to come back, are the robot's word that it took nothing. What a proxy says of its own is not.
  const unsent = status === 429 || (status === 503 && retryAfterMs !== undefined);
  const more = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { kind: 'failed', reason: `the robot answered ${status}`, unsent, ...more };
}

/** Seconds; a date depends on the robot's clock, which is data. */
function parseRetryAfter(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}
