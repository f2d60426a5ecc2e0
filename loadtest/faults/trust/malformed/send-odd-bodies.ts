import { setTimeout as sleep } from 'node:timers/promises';
import { type EventResult } from '@fleetstream/contracts';
import { toMessage } from '@fleetstream/kernel';
import { Pool } from 'undici';
import { type GatewayAddress } from './raw-connections.ts';
import { type OddBody } from './json-bodies.ts';
import { signedRequest } from './signed-request.ts';

export interface OddAnswers {
  /** How often each status was answered, and each outcome of an event: `202`, `accepted`, `FS_EVENT_MALFORMED`. */
  readonly outcomes: Map<string, number>;
  /** Robot and id of the events that were said to be in the log. */
  readonly accepted: [robotId: string, id: string][];
  /** Statuses that may not be: 5xx but 503. And what was not answered at all. */
  readonly wrong: string[];
}

const lanes = 16;
/** Large ones are cut off by the gateway or the pod while they are written: that is an answer too. */
const cutAllowedBytes = 1_048_576;

/** Sends bodies, well signed, at a steady pace through the gateway, and adds what came of them to `answers`. */
export async function sendOddBodies(
  gateway: GatewayAddress,
  masterKey: Buffer,
  bodies: readonly OddBody[],
  perSecond: number,
  answers: OddAnswers,
): Promise<void> {
  const pool = new Pool(`https://localhost:${gateway.port}`, {
    connections: lanes,
    pipelining: 1,
    connect: { ca: gateway.ca },
  });
  let next = 0;
  const startedMs = performance.now();
  const lane = async (): Promise<void> => {
    for (let at = next++; at < bodies.length; at = next++) {
      const odd = bodies[at];
      if (odd === undefined) return;
      await sleep(Math.max(0, startedMs + (at * 1000) / perSecond - performance.now()));
      note(answers, odd, await sendOne(pool, masterKey, odd));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await pool.close();
}

interface OddAnswer {
  readonly status: number;
  readonly text: string;
}

async function sendOne(pool: Pool, masterKey: Buffer, odd: OddBody): Promise<OddAnswer | string> {
  const headers = {
    ...(odd.contentType !== '' && { 'content-type': odd.contentType }),
    ...(odd.encoding !== undefined && { 'content-encoding': odd.encoding }),
  };
  try {
    const answer = await pool.request(signedRequest(masterKey, odd.robotId, odd.body, headers));
    return { status: answer.statusCode, text: await answer.body.text() };
  } catch (thrown) {
    return odd.body.length > cutAllowedBytes ? { status: 413, text: '' } : toMessage(thrown);
  }
}

function note({ outcomes, accepted, wrong }: OddAnswers, odd: OddBody, answer: OddAnswer | string): void {
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  if (typeof answer === 'string') {
    wrong.push(`${odd.name}: ${answer}`);
    return;
  }
  const { status, text } = answer;
  count(String(status));
  if (status >= 500 && status !== 503) wrong.push(`${odd.name} (${odd.contentType}): ${status}`);
  for (const { id, result, code } of readResults(text)) {
    count(code ?? result);
    if (result === 'accepted') accepted.push([odd.robotId, id]);
  }
}

function readResults(text: string): readonly EventResult[] {
  if (!text.startsWith('{')) return [];
  return (JSON.parse(text) as { readonly results?: readonly EventResult[] }).results ?? [];
}
