import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '@fleetstream/kernel';
import { startK6 } from '@fleetstream/local';
import { deriveRobotSecret } from '@fleetstream/signing';
import { type EventClass, eventClasses, type LoadStream, type OverloadPlan } from './overload-plan.ts';

export interface OverloadTarget {
  readonly gatewayUrl: string;
  readonly ca: string;
  readonly masterKey: Buffer;
}

export interface OverloadLoad {
  readonly streams: readonly LoadStream[];
  readonly eventsPerBatch: number;
  readonly durationSeconds: number;
}

/** What became of events of one class, as their senders were told. */
export interface ClassCounts {
  readonly sent: number;
  readonly accepted: number;
  /** To be sent again. */
  readonly retry: number;
  /** Rejected, or not answered at all. */
  readonly other: number;
}

/** What k6 counted. */
export interface OverloadOutcome {
  readonly counts: Readonly<Record<EventClass, ClassCounts>>;
  /** Arrivals for which no robot was free. */
  readonly arrivalsDropped: number;
  /** Of requests with one safety event or one command reply. */
  readonly urgentMsP50: number;
  readonly urgentMsP99: number;
  readonly urgentMsMax: number;
}

interface K6Summary {
  readonly metrics: Readonly<Record<string, { readonly values: Readonly<Record<string, number>> } | undefined>>;
}

/** Runs the streams to their end. @throws AppError FS_INTERNAL with k6's log when it could not run */
export async function runOverloadK6(target: OverloadTarget, load: OverloadLoad): Promise<OverloadOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-k6-'));
  try {
    const files = { plan: join(directory, 'plan.json'), ca: join(directory, 'ca.pem'), log: join(directory, 'k6.log') };
    const summaryFile = join(directory, 'summary.json');
    const plan = toPlan(target, load, summaryFile);
    writeFileSync(files.plan, JSON.stringify(plan), { mode: 0o600 });
    writeFileSync(files.ca, target.ca);
    const run = startK6({
      scriptFile: fileURLToPath(new URL('overload.ts', import.meta.url)),
      variables: { PLAN_FILE: files.plan },
      caFile: files.ca,
      logFile: files.log,
    });
    const { code } = await run.exited;
    if (code !== 0) {
      throw new AppError('FS_INTERNAL', `k6 ended with code ${String(code)}:\n${readFileSync(files.log, 'utf8')}`);
    }
    return toOutcome(JSON.parse(readFileSync(summaryFile, 'utf8')) as K6Summary);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function toPlan({ gatewayUrl, masterKey }: OverloadTarget, load: OverloadLoad, summaryFile: string): OverloadPlan {
  const users = load.streams.reduce((sum, { vus }) => sum + vus, 0);
  const robots = Array.from({ length: users }, (_, index) => {
    const robotId = `load-${String(index + 1).padStart(4, '0')}`;
    return { robotId, secretBase64: deriveRobotSecret(masterKey, robotId, 1).toString('base64') };
  });
  return { ...load, gatewayUrl, runId: randomBytes(6).toString('hex'), robots, summaryFile };
}

function toOutcome({ metrics }: K6Summary): OverloadOutcome {
  // A metric without a sample isn't in the summary at all.
  const value = (metric: string, field: string) => metrics[metric]?.values[field] ?? 0;
  const ofClass = (one: EventClass): ClassCounts => ({
    sent: value(`sent_${one}`, 'count'),
    accepted: value(`accepted_${one}`, 'count'),
    retry: value(`retry_${one}`, 'count'),
    other: value(`other_${one}`, 'count'),
  });
  return {
    counts: Object.fromEntries(eventClasses.map((one) => [one, ofClass(one)])) as Record<EventClass, ClassCounts>,
    arrivalsDropped: value('dropped_iterations', 'count'),
    urgentMsP50: Math.round(value('latency_urgent', 'med')),
    urgentMsP99: Math.round(value('latency_urgent', 'p(99)')),
    urgentMsMax: Math.round(value('latency_urgent', 'max')),
  };
}
