import { setTimeout as sleep } from 'node:timers/promises';
import { type IngestAnswer } from '@fleetstream/contracts';
import { toMessage } from '@fleetstream/kernel';
import { Pool } from 'undici';
import { signedRequest } from './signed-request.ts';

/** What robots that do everything right saw. */
export interface GoodTraffic {
  /** Begins a new count; the answer is that of the count before. */
  takeLatencies(): readonly number[];
  /** Anything but a 202 with the event accepted, in words. */
  readonly failures: readonly string[];
  readonly accepted: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

const robots = 40;

/**
 * One event each `everyMs` over TLS through the gateway, whatever the answers: who waits doesn't slow the others. Times begin
 * when an event was due, so a sender that is late hides nothing.
 */
export function startGoodTraffic(
  gateway: { readonly port: number; readonly ca: string },
  masterKey: Buffer,
  everyMs: number,
): GoodTraffic {
  const pool = new Pool(`https://localhost:${gateway.port}`, {
    connections: 32,
    pipelining: 1,
    connect: { ca: gateway.ca },
    headersTimeout: 30_000,
  });
  let latencies: number[] = [];
  let going = true;
  let stopped: Promise<void> | undefined;
  let sent = 0;
  const failures: string[] = [];
  const accepted = new Map<string, string>();
  const underWay = new Set<Promise<void>>();
  const send = async (dueMs: number): Promise<void> => {
    const id = `good-${(sent += 1)}`;
    const robotId = `good-${sent % robots}`;
    try {
      const answer = await pool.request(signedRequest(masterKey, robotId, toEvent(robotId, id)));
      const body = (await answer.body.json()) as Partial<IngestAnswer>;
      latencies.push(performance.now() - dueMs);
      if (body.results?.[0]?.result === 'accepted') accepted.set(id, robotId);
      else failures.push(`${id} was answered ${answer.statusCode}`);
    } catch (thrown) {
      failures.push(`${id}: ${toMessage(thrown)}`);
    }
  };
  const loop = (async () => {
    let nextMs = performance.now();
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- `stop` changes it meanwhile
    while (going) {
      const one = send(nextMs).finally(() => underWay.delete(one));
      underWay.add(one);
      nextMs += everyMs;
      await sleep(Math.max(0, nextMs - performance.now()));
    }
  })();
  return {
    failures,
    accepted,
    takeLatencies: () => {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    stop: () => {
      going = false;
      stopped ??= loop.then(() => Promise.all(underWay)).then(() => pool.close());
      return stopped;
    },
  };
}

function toEvent(robotId: string, id: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      specversion: '1.0',
      id,
      source: `/robots/${robotId}`,
      type: 'robot.telemetry.v1',
      data: { metrics: { temperature: { value: 41.5, unit: 'Cel' }, current: { value: 3.25, unit: 'A' } } },
    }),
  );
}

/** The value below which a share of them lies, in milliseconds. */
export function percentile(latencies: readonly number[], share: number): number {
  const sorted = [...latencies].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
