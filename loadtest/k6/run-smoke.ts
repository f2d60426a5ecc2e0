import { type LoadPlatform } from './find-platform.ts';
import { atLeast, atMost, type Check, exactly } from '../check.ts';
import { latencyMsP99Max, type LoadOptions } from './load-options.ts';
import { type K6Outcome, runK6 } from './run-k6.ts';

export interface SmokeReport {
  readonly checks: readonly Check[];
  readonly figures: K6Outcome;
}

/** Load at a fixed rate; every event must be accepted. */
export async function runSmoke(
  platform: LoadPlatform,
  options: LoadOptions,
  say: (line: string) => void,
): Promise<SmokeReport> {
  const { requestsPerSecond, eventsPerRequest, durationSeconds, vus } = options;
  say(
    `${requestsPerSecond} requests/s of ${eventsPerRequest} events from ${vus} robots for ${durationSeconds} s, to ${platform.gatewayUrl} …`,
  );
  const figures = await runK6(platform, { requestsPerSecond, eventsPerRequest, durationSeconds, vus, latencyMsP99Max });
  const expected = requestsPerSecond * durationSeconds;
  return {
    figures,
    checks: [
      exactly('requests failed', figures.requestsFailed, 0),
      exactly('arrivals dropped', figures.arrivalsDropped, 0),
      exactly('events accepted', figures.eventsAccepted, figures.eventsSent),
      // The first and the last arrival may fall outside of the interval.
      atLeast('requests sent', figures.requests, expected - 1),
      atMost('latency p99, ms', figures.latencyMsP99, latencyMsP99Max),
      exactly("k6's own thresholds passed", figures.thresholdsPassed ? 1 : 0, 1),
    ],
  };
}
