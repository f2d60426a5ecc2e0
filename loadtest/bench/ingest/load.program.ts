import { Pool } from 'undici';
import { createSignedRequests } from './signed-requests.ts';

/** One JSON object as the only argument. */
interface LoadPlan {
  readonly url: string;
  readonly masterKey: string;
  readonly run: string;
  readonly robots: number;
  readonly eventsPerRequest: number;
  readonly seconds: number;
  readonly connections: number;
  /** Requests begun per second whatever the answers take; left out, each connection sends when it was answered. */
  readonly requestsPerSecond?: number;
  /** Latencies of requests due before this much of the run is over are not told: a sender's code is cold at first. */
  readonly untoldSeconds?: number;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan;
const requests = createSignedRequests({ ...plan, masterKey: Buffer.from(plan.masterKey, 'base64') });
const pool = new Pool(plan.url, { connections: plan.connections, pipelining: 1 });
const latenciesMs: number[] = [];
let accepted = 0;
let notAccepted = 0;
const startedMs = performance.now();
const toldFromMs = startedMs + (plan.untoldSeconds ?? 0) * 1000;
const endMs = startedMs + plan.seconds * 1000;
await (plan.requestsPerSecond === undefined ? sendInTurn() : sendByClock(plan.requestsPerSecond));
const seconds = (performance.now() - startedMs) / 1000;
await pool.close();
latenciesMs.sort((a, b) => a - b);
const at = (share: number) => Math.round((latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0) * 100) / 100;
const { user, system } = process.cpuUsage();
process.stdout.write(
  `${JSON.stringify({
    ...{ accepted, notAccepted, seconds, eventsPerSecond: accepted / seconds },
    ...{ ackMsP50: at(0.5), ackMsP99: at(0.99), ackMsP999: at(0.999), senderCpuShare: (user + system) / 1e6 / seconds },
  })}\n`,
);

async function send(dueMs: number): Promise<void> {
  const { path, headers, body } = requests.next();
  const answer = await pool.request({ method: 'POST', path, headers, body });
  const text = await answer.body.text();
  if (dueMs >= toldFromMs) latenciesMs.push(performance.now() - dueMs);
  const taken = answer.statusCode === 202 ? text.split('"accepted"').length - 1 : 0;
  accepted += taken;
  notAccepted += plan.eventsPerRequest - taken;
}

async function sendInTurn(): Promise<void> {
  const senders = Array.from({ length: plan.connections }, async () => {
    while (performance.now() < endMs) await send(performance.now());
  });
  await Promise.all(senders);
}

/** Arrivals of a Poisson process; a request's time begins when it was due, so a sender that is late hides nothing. */
async function sendByClock(perSecond: number): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let dueMs = performance.now();
  while (dueMs < endMs) {
    const waitMs = dueMs - performance.now();
    if (waitMs > 0.5) await new Promise((resolve) => setTimeout(resolve, waitMs));
    else if (underWay.size > 0) await new Promise((resolve) => setImmediate(resolve));
    while (dueMs <= performance.now() && dueMs < endMs) {
      const sent: Promise<void> = send(dueMs).finally(() => underWay.delete(sent));
      underWay.add(sent);
      dueMs += (-Math.log(1 - Math.random()) * 1000) / perSecond;
    }
  }
  await Promise.all(underWay);
}
