import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '@fleetstream/kernel';
import { k6ThresholdsFailed, startK6 } from '@fleetstream/local';
import { deriveRobotSecret } from '@fleetstream/signing';
import { type LoadPlatform } from './find-platform.ts';
import { type LoadPlan } from './load-plan.ts';

export interface K6Load {
  readonly vus: number;
  readonly durationSeconds: number;
  readonly requestsPerSecond: number;
  readonly eventsPerRequest: number;
  readonly latencyMsP99Max: number;
}

/** What k6 counted. */
export interface K6Outcome {
  readonly requests: number;
  readonly requestsFailed: number;
  /** Arrivals for which no robot was free: the platform was too slow, or `vus` too few. */
  readonly arrivalsDropped: number;
  readonly eventsSent: number;
  readonly eventsAccepted: number;
  readonly latencyMsP50: number;
  readonly latencyMsP99: number;
  readonly latencyMsMax: number;
  /** k6's own judgement of its thresholds. */
  readonly thresholdsPassed: boolean;
}

interface K6Summary {
  readonly metrics: Readonly<Record<string, { readonly values: Readonly<Record<string, number>> } | undefined>>;
}

/**
 * Runs the smoke script to its end.
 *
 * @throws AppError FS_INTERNAL with the end of its log when it could not run
 */
export async function runK6(platform: LoadPlatform, load: K6Load): Promise<K6Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-k6-'));
  try {
    const planFile = join(directory, 'plan.json');
    const logFile = join(directory, 'k6.log');
    const plan = toPlan(platform, load, join(directory, 'summary.json'));
    writeFileSync(planFile, JSON.stringify(plan), { mode: 0o600 });
    const run = startK6({
      scriptFile: fileURLToPath(new URL('smoke.ts', import.meta.url)),
      variables: { PLAN_FILE: planFile },
      caFile: platform.caFile,
      logFile,
    });
    const { code } = await run.exited;
    if (code !== 0 && code !== k6ThresholdsFailed) {
      throw new AppError('FS_INTERNAL', `k6 ended with code ${String(code)}:\n${readFileSync(logFile, 'utf8')}`);
    }
    return toOutcome(JSON.parse(readFileSync(plan.summaryFile, 'utf8')) as K6Summary, code === 0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function toPlan(platform: LoadPlatform, load: K6Load, summaryFile: string): LoadPlan {
  const robots = Array.from({ length: load.vus }, (_, index) => {
    const robotId = `load-${String(index + 1).padStart(4, '0')}`;
    return { robotId, secretBase64: deriveRobotSecret(platform.masterKey, robotId, 1).toString('base64') };
  });
  return { ...load, gatewayUrl: platform.gatewayUrl, runId: randomBytes(6).toString('hex'), robots, summaryFile };
}

function toOutcome(summary: K6Summary, thresholdsPassed: boolean): K6Outcome {
  // A metric without a sample isn't in the summary at all.
  const value = (metric: string, field: string) => summary.metrics[metric]?.values[field] ?? 0;
  return {
    requests: value('http_reqs', 'count'),
    requestsFailed: value('http_req_failed', 'passes'),
    arrivalsDropped: value('dropped_iterations', 'count'),
    eventsSent: value('fleetstream_events_sent', 'count'),
    eventsAccepted: value('fleetstream_events_accepted', 'count'),
    latencyMsP50: round(value('http_req_duration', 'med')),
    latencyMsP99: round(value('http_req_duration', 'p(99)')),
    latencyMsMax: round(value('http_req_duration', 'max')),
    thresholdsPassed,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
