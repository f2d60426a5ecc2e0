import { atLeast, atMost, type Check, exactly } from '../../check.ts';
import { type EventClass, eventClasses } from './overload-plan.ts';
import { type PodCounters } from './pod-counters.ts';
import { type ClassCounts } from './run-overload-k6.ts';

/** Both sides of one overload. */
export interface OverloadFigures {
  /** Events per second that the pod took before. */
  readonly capacity: number;
  readonly durationSeconds: number;
  /** As k6 counted answers. */
  readonly robots: Readonly<Record<EventClass, ClassCounts>>;
  /** As the pods' metrics say, over the same time. */
  readonly pods: PodCounters;
  /** Requests for which no robot was free: not offered, so not counted as sent. */
  readonly arrivalsDropped: number;
  readonly urgentMsP50: number;
  readonly urgentMsP99: number;
  readonly urgentMsMax: number;
  readonly levelMax: number;
  readonly recoverMs: number;
  /** Events in the log at the end, of all runs. */
  readonly inLog: number;
}

/** Of capacity. The limits below were fixed before the first run. */
export const overloadFactor = 3;
/** Two thirds are too much; a queue takes the first of them. */
const shedShareMin = 0.4;
/** A pod under pressure must go on taking what it can. */
const goodputShareMin = 0.7;
/** Behind what a pod holds and a slow log, on a busy machine; a robot waits 15 s. */
const urgentMsP99Max = 10_000;
const recoverMsMax = 15_000;

export function checkOverload(figures: OverloadFigures, acceptedInAll: number): readonly Check[] {
  const { robots, pods, capacity, durationSeconds } = figures;
  const total = (field: keyof ClassCounts) => eventClasses.reduce((sum, one) => sum + robots[one][field], 0);
  const perSecond = (events: number) => events / durationSeconds / Math.max(capacity, 1);
  const round = (value: number) => Math.round(value * 100) / 100;
  return [
    atLeast('capacity, events/s', capacity, 1),
    atLeast('offered, of capacity', round(perSecond(total('sent'))), overloadFactor),
    ...(['safety', 'reply'] as const).flatMap((one) => [
      atLeast(`${one}: events sent`, robots[one].sent, 5 * durationSeconds),
      exactly(`${one}: not accepted, as robots were told`, robots[one].sent - robots[one].accepted, 0),
      exactly(`${one}: shed, as pods say`, pods.shed[one], 0),
    ]),
    atLeast(
      'telemetry: shed of what was sent',
      round(pods.shed.telemetry / Math.max(robots.telemetry.sent, 1)),
      shedShareMin,
    ),
    // Whatever robots were told to send again, a pod says that it shed it, or that it turned the whole request away.
    atLeast('telemetry: told to come again', robots.telemetry.retry, pods.shed.telemetry),
    exactly('events without an outcome, or rejected', total('other'), 0),
    exactly('accepted: pods less robots', pods.accepted - total('accepted'), 0),
    exactly('accepted and not in the log', Math.max(0, acceptedInAll - figures.inLog), 0),
    atLeast('accepted, of capacity', round(perSecond(total('accepted'))), goodputShareMin),
    atMost('urgent p99, ms', figures.urgentMsP99, urgentMsP99Max),
    atMost('calm again after, ms', figures.recoverMs, recoverMsMax),
  ];
}
