import { type IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** `undefined` when it isn't JSON. */
  readonly body: unknown;
}

export interface GatewayRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type SendToGateway = (sent: GatewayRequest) => Promise<GatewayAnswer>;

const timeoutMs = 30_000;

/** Requests to https://localhost:port, trusting that authority alone. A connection each: nothing is left open. */
export function createGatewayClient(port: number, ca: string): SendToGateway {
  return async ({ method, path, headers = {}, body = '' }) =>
    await new Promise((resolve, reject) => {
      const options = { host: 'localhost', port, method, path, ca, headers, agent: false, timeout: timeoutMs };
      const sent = request(options, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: parseJson(text) });
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in ${timeoutMs} ms`)));
      sent.on('error', reject).end(body);
    });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
