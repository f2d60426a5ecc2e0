import { setTimeout as sleep } from 'node:timers/promises';
import { toMessage } from '@fleetstream/kernel';
import { Pool } from 'undici';
import { type OddBody } from './json-bodies.ts';
import { signedRequest } from './signed-request.ts';

export interface OddAnswers {
  readonly sent: number;
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Statuses that may not be: 5xx but 503. And what was not answered at all. */
  readonly wrong: readonly string[];
}

const perSecond = 250;
const lanes = 16;
/** Large ones are cut off by the gateway or the pod while they are written: that is an answer too. */
const cutAllowedBytes = 1_048_576;

/** Sends bodies, well signed, at a steady pace through the gateway. */
export async function sendOddBodies(
  gateway: { readonly port: number; readonly ca: string },
  masterKey: Buffer,
  bodies: readonly OddBody[],
  stop: AbortSignal,
): Promise<OddAnswers> {
  const pool = new Pool(`https://localhost:${gateway.port}`, {
    connections: lanes,
    pipelining: 1,
    connect: { ca: gateway.ca },
  });
  const statuses = new Map<number, number>();
  const wrong: string[] = [];
  let next = 0;
  const startedMs = performance.now();
  const lane = async (): Promise<void> => {
    for (let at = next++; at < bodies.length && !stop.aborted; at = next++) {
      const odd = bodies[at];
      if (odd === undefined) return;
      await sleep(Math.max(0, startedMs + (at * 1000) / perSecond - performance.now()));
      const status = await sendOne(pool, masterKey, odd, at);
      if (typeof status === 'string') wrong.push(`${odd.name}: ${status}`);
      else {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500 && status !== 503) wrong.push(`${odd.name} (${odd.contentType}): ${status}`);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await pool.close();
  return { sent: bodies.length, statuses, wrong };
}

async function sendOne(pool: Pool, masterKey: Buffer, odd: OddBody, at: number): Promise<number | string> {
  const headers = {
    ...(odd.contentType !== '' && { 'content-type': odd.contentType }),
    ...(odd.encoding !== undefined && { 'content-encoding': odd.encoding }),
  };
  try {
    // Many robots: one alone would soon be asked to send less, and nothing more would be learned of its bodies.
    const answer = await pool.request(signedRequest(masterKey, `odd-${at % 100}`, odd.body, headers));
    await answer.body.dump();
    return answer.statusCode;
  } catch (thrown) {
    return odd.body.length > cutAllowedBytes ? 413 : toMessage(thrown);
  }
}
