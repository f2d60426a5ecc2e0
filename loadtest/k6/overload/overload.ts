// A k6 script: robots send signed events of several kinds at rates that don't wait for answers, and never repeat one.
import exec from 'k6/execution';
import http from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import { type BatchNumbers, signEvents, toEvent, toTelemetry } from '../signed-batch.ts';
import { type LoadRobot } from '../load-plan.ts';
import { type EventClass, eventClasses, type LoadKind, type OverloadPlan } from './overload-plan.ts';

const plan = JSON.parse(open(__ENV['PLAN_FILE'] ?? '')) as OverloadPlan;

/** @public k6 reads it. */
export const options = {
  scenarios: Object.fromEntries(
    plan.streams.map(({ kind, requestsPerSecond, vus }) => [
      kind,
      {
        exec: 'send',
        env: { KIND: kind },
        duration: `${plan.durationSeconds}s`,
        gracefulStop: '30s',
        ...(requestsPerSecond === undefined
          ? { executor: 'constant-vus', vus }
          : {
              ...{ executor: 'constant-arrival-rate', rate: requestsPerSecond, timeUnit: '1s' },
              ...{ preAllocatedVUs: vus, maxVUs: vus },
            }),
      },
    ]),
  ),
  summaryTrendStats: ['med', 'p(99)', 'max'],
};

const series = Object.fromEntries(
  eventClasses.map((one) => [
    one,
    {
      sent: new Counter(`sent_${one}`),
      accepted: new Counter(`accepted_${one}`),
      retry: new Counter(`retry_${one}`),
      other: new Counter(`other_${one}`),
    },
  ]),
) as Record<EventClass, Record<'sent' | 'accepted' | 'retry' | 'other', Counter>>;
const latency = new Trend('latency_urgent', true);

// k6 runs this file once per virtual user, so each has a robot and a count of its own.
let nextSequence = 0;

/** @public k6 calls it once per arrival. */
export function send(): void {
  const user = exec.vu.idInTest;
  const robot = plan.robots[(user - 1) % plan.robots.length];
  if (robot === undefined) {
    exec.test.abort('the plan has no robots');
    return;
  }
  const kind = (__ENV['KIND'] ?? 'telemetry') as LoadKind;
  const bootId = `${plan.runId}-${user}`;
  const numbers: BatchNumbers = { bootId, sequence: nextSequence, events: plan.eventsPerBatch, nowMs: Date.now() };
  const { events, classes } = createEvents(robot, numbers, kind);
  nextSequence += events.length;
  const request = signEvents(robot, numbers, events);
  for (const one of classes) series[one].sent.add(1);
  const answer = http.post(plan.gatewayUrl + request.path, request.body, {
    // A large batch with something urgent in it says so; small requests need not.
    headers: kind === 'mixed' ? { ...request.headers, priority: 'u=1' } : { ...request.headers },
    tags: { name: 'POST events' },
    timeout: '25s',
  });
  if (kind === 'safety' || kind === 'reply') latency.add(answer.timings.duration);
  const results = readResults(answer.body);
  const whole = answer.status === 503 || answer.status === 429 ? 'retry' : 'other';
  classes.forEach((one, index) => {
    const result = results[index] ?? whole;
    const { accepted, retry, other } = series[one];
    (result === 'accepted' ? accepted : result === 'retry' ? retry : other).add(1);
  });
}

/** @public k6 calls it at the end, and writes the files that it returns. */
export function handleSummary(summary: unknown): Record<string, string> {
  return { [plan.summaryFile]: JSON.stringify(summary) };
}

interface Batch {
  readonly events: readonly unknown[];
  readonly classes: readonly EventClass[];
}

function createEvents(robot: LoadRobot, numbers: BatchNumbers, kind: LoadKind): Batch {
  const single = (type: string, data: unknown, one: EventClass): Batch => ({
    events: [toEvent(robot, numbers, 0, { type, data })],
    classes: [one],
  });
  switch (kind) {
    case 'safety':
      return single('robot.state.v1', { mode: 'MANUAL', safety: { emergencyStop: 'MANUAL' } }, 'safety');
    case 'reply':
      return single(
        'robot.command-ack.v1',
        { commandId: `cmd-${numbers.bootId}-${numbers.sequence}`, status: 'SUCCEEDED' },
        'reply',
      );
    case 'state':
      return single('robot.state.v1', { mode: 'AUTOMATIC', battery: { percent: 50 } }, 'state');
    case 'telemetry':
    case 'mixed': {
      const at = kind === 'mixed' ? Math.floor(numbers.events / 2) : -1;
      const alarm = { type: 'robot.alert.v1', data: { code: 'bumper', level: 'FATAL' } };
      return {
        events: Array.from({ length: numbers.events }, (_, index) =>
          index === at ? toEvent(robot, numbers, index, alarm) : toTelemetry(robot, numbers, index),
        ),
        classes: Array.from({ length: numbers.events }, (_, index) => (index === at ? 'safety' : 'telemetry')),
      };
    }
  }
}

function readResults(body: unknown): string[] {
  try {
    const { results } = JSON.parse(String(body)) as { results?: { result: string }[] };
    return (results ?? []).map(({ result }) => result);
  } catch {
    return [];
  }
}
