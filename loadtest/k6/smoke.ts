// A k6 script: robots send signed batches through the gateway at a fixed rate, and every answer is read.
import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import { type LoadPlan } from './load-plan.ts';
import { createSignedBatch } from './signed-batch.ts';

const plan = JSON.parse(open(__ENV['PLAN_FILE'] ?? '')) as LoadPlan;

/** @public k6 reads it. */
export const options = {
  scenarios: {
    robots: {
      exec: 'sendBatch',
      // Arrivals don't wait for answers: a slow platform must not slow down what measures it.
      executor: 'constant-arrival-rate',
      rate: plan.requestsPerSecond,
      timeUnit: '1s',
      duration: `${plan.durationSeconds}s`,
      preAllocatedVUs: plan.vus,
      maxVUs: plan.vus,
      gracefulStop: '10s',
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    http_req_duration: [`p(99)<${plan.latencyMsP99Max}`],
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
    fleetstream_events_not_accepted: ['count==0'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

const sent = new Counter('fleetstream_events_sent');
const accepted = new Counter('fleetstream_events_accepted');
const notAccepted = new Counter('fleetstream_events_not_accepted');

// k6 runs this file once per virtual user, so each has a robot and a count of its own.
let nextSequence = 0;

/** @public k6 calls it once per arrival. */
export function sendBatch(): void {
  const user = exec.vu.idInTest;
  const robot = plan.robots[(user - 1) % plan.robots.length];
  if (robot === undefined) exec.test.abort('the plan has no robots');
  else {
    const batch = createSignedBatch(robot, {
      bootId: `${plan.runId}-${user}`,
      sequence: nextSequence,
      events: plan.eventsPerRequest,
      nowMs: Date.now(),
    });
    nextSequence += plan.eventsPerRequest;
    sent.add(plan.eventsPerRequest);
    const answer = http.post(plan.gatewayUrl + batch.path, batch.body, {
      headers: { ...batch.headers },
      tags: { name: 'POST events' },
      timeout: '10s',
    });
    const results = readResults(answer.body);
    const good = results.filter((result) => result === 'accepted').length;
    accepted.add(good);
    notAccepted.add(plan.eventsPerRequest - good);
    check(answer, {
      'answered 202': ({ status }) => status === 202,
      'a result per event': () => results.length === plan.eventsPerRequest,
      'every event accepted': () => good === plan.eventsPerRequest,
    });
  }
}

/** @public k6 calls it at the end, and writes the files that it returns. */
export function handleSummary(summary: unknown): Record<string, string> {
  return { [plan.summaryFile]: JSON.stringify(summary) };
}

function readResults(body: unknown): string[] {
  try {
    const { results } = JSON.parse(String(body)) as { results?: { result: string }[] };
    return (results ?? []).map(({ result }) => result);
  } catch {
    return [];
  }
}
