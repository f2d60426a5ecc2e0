import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type FleetAlertData } from '@fleetstream/contracts';
import { type FleetReport } from '@fleetstream/loadtest';
import { type RobotState } from '@fleetstream/robot-model';
import { type ServedStates } from '@fleetstream/testing';
import { RecordedAnswers } from './recorded-answers.ts';

/** What a recorded AGV session holds, counted from its lines without the fleet's own reading of them. */
export interface SessionContent {
  /** `…/state` messages of transport robots, by robot. */
  readonly agvStates: ReadonlyMap<string, number>;
  readonly exactDuplicateLines: number;
  /** State messages that carry a COLLISION warning. */
  readonly collisionWarnings: number;
  readonly largestPayloadBytes: number;
  /** From each command that a robot ended to its end, in milliseconds as recorded, shortest first. */
  readonly commandLatenciesMs: readonly number[];
}

/** What the platform made of it. */
export interface SessionOutcome {
  readonly content: SessionContent;
  readonly agvStatesFolded: ReadonlyMap<string, number>;
  readonly duplicatesRecognised: number;
  readonly collisionAlerts: number;
  readonly offlineAlerts: number;
  readonly robotsOnline: number;
  readonly robotsPlayed: number;
  readonly largestEventBytes: number;
  /** How much faster than recorded it was played. */
  readonly speed: number;
}

/** Reads a session's lines: `{topic, payload}` each, after a first line about the session. */
export async function countSession(file: string): Promise<SessionContent> {
  const agvStates = new Map<string, number>();
  const lines = new Set<string>();
  const answers = new RecordedAnswers();
  let read = 0;
  let collisionWarnings = 0;
  let largestPayloadBytes = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const { topic, payload, timestamp } = JSON.parse(line) as { topic?: string; payload?: string; timestamp?: string };
    if (topic === undefined || payload === undefined) continue;
    read += 1;
    lines.add(line);
    largestPayloadBytes = Math.max(largestPayloadBytes, Buffer.byteLength(payload));
    answers.add(topic, payload, Date.parse(timestamp ?? ''));
    const robotId = /^fts\/v1\/ff\/([^/]+)\/state$/.exec(topic)?.[1];
    if (robotId === undefined) continue;
    agvStates.set(robotId, (agvStates.get(robotId) ?? 0) + 1);
    if (payload.includes('"COLLISION"')) collisionWarnings += 1;
  }
  return {
    agvStates,
    exactDuplicateLines: read - lines.size,
    collisionWarnings,
    largestPayloadBytes,
    commandLatenciesMs: answers.latenciesMs(),
  };
}

/** Holds what was folded against the session, apart from what the log had before this run. */
export function judgeSession(facts: {
  readonly content: SessionContent;
  readonly before: ServedStates;
  readonly after: ServedStates;
  readonly alerts: readonly FleetAlertData[];
  readonly startedAtMs: number;
  readonly fleet: FleetReport;
  readonly speed: number;
}): SessionOutcome {
  const { content, fleet } = facts;
  const was = countStates(facts.before);
  const is = countStates(facts.after);
  const alerts = facts.alerts.filter(({ atMs }) => atMs >= facts.startedAtMs);
  return {
    content,
    agvStatesFolded: new Map(
      [...content.agvStates.keys()].map((robotId) => [robotId, (is.get(robotId) ?? 0) - (was.get(robotId) ?? 0)]),
    ),
    duplicatesRecognised: fleet.duplicates,
    collisionAlerts: alerts.filter(({ alert, code }) => alert === 'error-raised' && code === 'COLLISION').length,
    offlineAlerts: alerts.filter(({ alert }) => alert === 'robot-offline').length,
    robotsOnline: facts.after.robots.filter(({ state }) => parse(state).presence.status === 'online').length,
    robotsPlayed: fleet.robots,
    largestEventBytes: fleet.largestEventBytes,
    speed: facts.speed,
  };
}

function countStates(served: ServedStates): Map<string, number> {
  return new Map(
    served.robots.map(({ robotId, state }) => [robotId, parse(state).counters.perType['robot.state.v1'] ?? 0]),
  );
}

function parse(state: string): RobotState {
  return JSON.parse(state) as RobotState;
}
