import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { type Check } from '../../check.ts';
import { type FaultContext } from '../../faults/scenario.ts';
import { type PodStack, startPodStack } from '../../faults/trust/pod-stack.ts';
import { checkOverload, overloadFactor, type OverloadFigures } from './check-overload.ts';
import { type EventClass, eventClasses, type LoadStream } from './overload-plan.ts';
import { type PodCounters, readPodCounters } from './pod-counters.ts';
import { type OverloadOutcome, type OverloadTarget, runOverloadK6 } from './run-overload-k6.ts';

export interface OverloadOptions {
  readonly durationSeconds: number;
  readonly capacitySeconds: number;
}

export interface OverloadReport {
  readonly checks: readonly Check[];
  readonly figures: OverloadFigures;
}

/**
 * How slow the log is: with one batch of 500 records under way at a time a pod takes about 600 events a second. So an
 * overload costs little of a small machine, which has to make it too.
 */
const produceDelayMs = 800;
const eventsPerBatch = 50;
/** More than a batch under way and less than what a pod sheds for. */
const capacityRobots = 20;
/** Requests with something urgent, besides those of the flood. */
const urgentPerSecond = 6;
const statesPerSecond = 8;
const mixedPerSecond = 3;
/** A busy machine begins some requests late: planned is more than what is asked for. */
const plannedFactor = 1.1 * overloadFactor;
/** What one small machine can make of requests with 50 signed events each. */
const telemetryRequestsMax = 250;
const settleWithinMs = 30_000;

/** Finds what a pod takes, offers three times as much, and counts on both sides what became of every event. */
export async function runOverload(
  context: FaultContext,
  { durationSeconds, capacitySeconds }: OverloadOptions,
): Promise<OverloadReport> {
  const { say } = context;
  say('Starting a broker that is slow to acknowledge, Redis, a webhook pod and the gateway …');
  const stack = await startPodStack({
    ...{ name: 'overload', context, pods: 1, gateway: true, produceDelayMs },
    environment: {
      // Together they make the pod small: it feels pressure at half a megabyte of requests.
      WEBHOOK_MAX_BODY_BYTES: String(256 * 1024),
      WEBHOOK_MAX_BYTES_IN_FLIGHT: String(1024 * 1024),
      // So it is its requests that it sheds for, not the machine that makes them, and the log is slow but not away.
      WEBHOOK_ACK_TIMEOUT_MS: '20000',
      WEBHOOK_LOG_LATENCY_MAX_MS: '10000',
      WEBHOOK_LOOP_LAG_MAX_MS: '10000',
    },
  });
  try {
    const target = toTarget(stack);
    await runOverloadK6(target, { streams: [flood(2)], eventsPerBatch, durationSeconds: 2 });
    const idle = await read(stack);
    const calm = { streams: [flood(capacityRobots)], eventsPerBatch, durationSeconds: capacitySeconds };
    const capacityRun = await runOverloadK6(target, calm);
    await settle(stack, context);
    const before = await read(stack);
    const capacity = Math.round((before.accepted - idle.accepted) / capacitySeconds);
    say(`a pod takes ${capacity} events/s; it shed ${capacityRun.counts.telemetry.retry} of them`);
    const streams = toStreams(capacity);
    say(`more than ${overloadFactor} times as many for ${durationSeconds} s: ${describeStreams(streams)} …`);
    const peak = watchLevel(stack);
    const outcome = await runOverloadK6(target, { streams, eventsPerBatch, durationSeconds });
    const levelMax = await peak.stop();
    const recoverMs = await settle(stack, context);
    const pods = minus(await read(stack), before);
    const figures = { capacity, durationSeconds, ...toSeen(outcome), pods, levelMax, recoverMs, inLog: 0 };
    const inLog = await countLog(stack);
    const acceptedInAll = (await read(stack)).accepted;
    return { figures: { ...figures, inLog }, checks: checkOverload({ ...figures, inLog }, acceptedInAll) };
  } finally {
    await stack.end();
  }
}

function flood(vus: number): LoadStream {
  return { kind: 'telemetry', vus };
}

function toTarget({ gateway, masterKey }: PodStack): OverloadTarget {
  if (gateway === undefined) throw new AppError('FS_INTERNAL', 'the stack has no gateway');
  return { gatewayUrl: `https://localhost:${gateway.port}`, ca: gateway.ca, masterKey };
}

/** The urgent and the states count as part of the overload; telemetry makes up the rest. */
function toStreams(capacity: number): LoadStream[] {
  const besides = 2 * urgentPerSecond + statesPerSecond + mixedPerSecond * eventsPerBatch;
  const telemetry = Math.ceil((plannedFactor * capacity - besides) / eventsPerBatch);
  if (telemetry > telemetryRequestsMax) {
    throw new AppError('FS_INTERNAL', `${telemetry} requests/s are more than one machine can make and take`);
  }
  return [
    { kind: 'telemetry', requestsPerSecond: telemetry, vus: 300 },
    { kind: 'mixed', requestsPerSecond: mixedPerSecond, vus: 40 },
    { kind: 'state', requestsPerSecond: statesPerSecond, vus: 80 },
    { kind: 'reply', requestsPerSecond: urgentPerSecond, vus: 80 },
    { kind: 'safety', requestsPerSecond: urgentPerSecond, vus: 80 },
  ];
}

function describeStreams(streams: readonly LoadStream[]): string {
  return streams.map(({ kind, requestsPerSecond }) => `${requestsPerSecond ?? 0} ${kind}`).join(', ');
}

async function read(stack: PodStack): Promise<PodCounters> {
  return readPodCounters(await stack.metrics());
}

/** Waits until the pod feels no pressure any more. @returns how long that took */
async function settle(stack: PodStack, { stop }: FaultContext): Promise<number> {
  const startedMs = performance.now();
  while ((await read(stack)).level > 0) {
    if (stop.aborted || performance.now() - startedMs > settleWithinMs) break;
    await sleep(100);
  }
  return Math.round(performance.now() - startedMs);
}

/** The worst level of pressure that is seen while it watches. */
function watchLevel(stack: PodStack): { stop(): Promise<number> } {
  const ended = new AbortController();
  const watch = async (): Promise<number> => {
    let most = 0;
    while (!ended.signal.aborted) {
      most = Math.max(most, (await read(stack)).level);
      await sleep(500);
    }
    return most;
  };
  const watched = watch();
  return {
    stop: () => {
      ended.abort();
      return watched;
    },
  };
}

function minus(now: PodCounters, before: PodCounters): PodCounters {
  const shed = eventClasses.map((one) => [one, now.shed[one] - before.shed[one]]);
  return {
    level: now.level,
    accepted: now.accepted - before.accepted,
    problems: now.problems - before.problems,
    shed: Object.fromEntries(shed) as Record<EventClass, number>,
  };
}

function toSeen({ counts, arrivalsDropped, ...latency }: OverloadOutcome) {
  return { robots: counts, arrivalsDropped, ...latency };
}

/** Events in the log, each id once. */
async function countLog(stack: PodStack): Promise<number> {
  const ids = await stack.readIds();
  return [...ids.values()].reduce((sum, { size }) => sum + size, 0);
}
