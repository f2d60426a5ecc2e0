import { toMessage } from '@fleetstream/kernel';
import { Pool } from 'undici';
import { type Gateway, type GatewayAnswer } from './gateway.ts';

export interface UndiciGatewayOptions {
  readonly url: string;
  /** PEM of the only authority that is trusted; `undefined` for plain HTTP in tests. */
  readonly ca: string | undefined;
  /** Robots share connections: a process of thousands of robots must not hold thousands of sockets. */
  readonly connections: number;
  /** For an answer to begin, and between two parts of it. */
  readonly timeoutMs: number;
}

/** Posts over HTTPS with keep-alive. */
export function createUndiciGateway(options: UndiciGatewayOptions): Gateway {
  const { connections, timeoutMs } = options;
  const pool = new Pool(new URL(options.url).origin, {
    connections,
    pipelining: 1,
    connect: { timeout: timeoutMs, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  return {
    post: async ({ robotId, headers, body }): Promise<GatewayAnswer> => {
      try {
        const path = `/v1/robots/${encodeURIComponent(robotId)}/events`;
        const answer = await pool.request({ method: 'POST', path, headers, body });
        const retryAfter = answer.headers['retry-after'];
        return {
          kind: 'answer',
          status: answer.statusCode,
          retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
          body: await answer.body.text(),
        };
      } catch (thrown) {
        return { kind: 'lost', reason: toMessage(thrown) };
      }
    },
    close: () => pool.destroy(),
  };
}
