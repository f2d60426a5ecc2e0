import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { toMessage } from '@fleetstream/kernel';
import { type CallbackGuard } from './callback-guard.ts';

export interface CallbackRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** From the look-up of the name to the status of the answer. */
  readonly timeoutMs: number;
}

export type CallbackAnswer =
  | { readonly kind: 'delivered' }
  /** `reason` is short and holds nothing of the answer's body, which nobody asked for. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Posts to a robot's callback URL. Only a 2xx is a delivery: redirects are not followed, and the body is not read. */
export function postCallback(guard: CallbackGuard, given: CallbackRequest): Promise<CallbackAnswer> {
  const url = new URL(given.url);
  const problem = guard.findProblem(url);
  if (problem !== undefined) return Promise.resolve({ kind: 'failed', reason: problem });
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = send(url, {
      method: 'POST',
      headers: { ...given.headers, 'content-length': given.body.length },
      lookup: guard.lookup,
      signal: AbortSignal.timeout(given.timeoutMs),
      // A connection of its own: one that is kept would have been checked for another robot's name.
      agent: false,
    });
    outgoing.on('response', (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      if (status >= 200 && status < 300) resolve({ kind: 'delivered' });
      else resolve({ kind: 'failed', reason: `the robot answered ${status}` });
    });
    outgoing.on('error', (thrown) => {
      resolve({ kind: 'failed', reason: toMessage(thrown).slice(0, 200) });
    });
    outgoing.end(given.body);
  });
}
