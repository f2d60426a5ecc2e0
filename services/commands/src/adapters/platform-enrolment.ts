import { createHash } from 'node:crypto';
import { type RobotEnrolledData, type RobotRetiredData, topics } from '@fleetstream/contracts';
import { type AppendRecord, type LogProducer } from '@fleetstream/kafka';
import { type PlatformRobot } from '../domain/platform-robot.ts';
import { type RosterEntry } from '../domain/robot-roster.ts';

/** Something that the log doesn't know of a robot yet. */
export interface Telling {
  readonly kind: 'enrolled' | 'updated' | 'retired';
  readonly robotId: string;
  readonly record: AppendRecord;
  /** Fingerprint of what is told; none of a robot that is retired. */
  readonly told: string | undefined;
}

/** Which state of the roster is told: without it, a robot that changes back would look like a repetition. */
export interface TellingOf {
  readonly epoch: string;
  readonly revision: number;
  readonly nowMs: number;
}

const source = '/fleet/robot-platform';
const batchRecordsMax = 500;

/** What has to be told of a roster: robots that are new or known otherwise, and those that are retired. */
export function toTellings(
  entries: Iterable<RosterEntry>,
  retired: readonly RosterEntry[],
  of: TellingOf,
): readonly Telling[] {
  const leaving = new Set(retired.map(({ robot }) => robot.id));
  const tellings: Telling[] = [];
  for (const { robot, told } of entries) {
    if (leaving.has(robot.id)) continue;
    const data = toEnrolledData(robot);
    const fingerprint = toFingerprint(data);
    if (fingerprint === told) continue;
    tellings.push({
      kind: told === undefined ? 'enrolled' : 'updated',
      robotId: robot.id,
      record: toRecord(robot.id, 'fleet.robot-enrolled.v1', data, of),
      told: fingerprint,
    });
  }
  for (const { robot, missing } of retired) {
    const since = new Date(missing?.sinceMs ?? of.nowMs).toISOString();
    const reason = `not in ${missing?.lists ?? 0} lists of the Robot Platform since ${since}`;
    tellings.push({
      kind: 'retired',
      robotId: robot.id,
      record: toRecord(robot.id, 'fleet.robot-retired.v1', { reason }, of),
      told: undefined,
    });
  }
  return tellings;
}

export interface TellOptions {
  readonly producer: Pick<LogProducer, 'append'>;
  /** Asked before every batch. */
  readonly mayTell: () => Promise<boolean>;
  readonly onTold: (batch: readonly Telling[]) => void;
}

/**
 * Appends in batches, in order, and ends early when it may no longer.
 *
 * @returns whether all was told
 * @throws AppError of the producer; what was told before is known from `onTold`
 */
export async function tellLog(
  tellings: readonly Telling[],
  { producer, mayTell, onTold }: TellOptions,
): Promise<boolean> {
  for (let start = 0; start < tellings.length; start += batchRecordsMax) {
    if (!(await mayTell())) return false;
    const batch = tellings.slice(start, start + batchRecordsMax);
    await producer.append(batch.map(({ record }) => record));
    onTold(batch);
  }
  return true;
}

function toEnrolledData({ name, fleet, site, model }: PlatformRobot): RobotEnrolledData {
  return {
    ...(name !== undefined && { name }),
    ...(fleet !== undefined && { fleet }),
    ...(site !== undefined && { site }),
    ...(model !== undefined && { model }),
  };
}

/** Whoever tells the same of the same state of the roster tells one event. What is told again later does no harm. */
function toRecord(
  robotId: string,
  type: string,
  data: RobotEnrolledData | RobotRetiredData,
  { epoch, revision, nowMs }: TellingOf,
): AppendRecord {
  const verb = type === 'fleet.robot-retired.v1' ? 'retired' : `enrolled-${toFingerprint(data)}`;
  const id = `roster-${epoch}-${revision}-${verb}`;
  const time = new Date(nowMs).toISOString();
  return {
    topic: topics.events,
    key: robotId,
    value: JSON.stringify({ specversion: '1.0', id, source, type, time, data }),
  };
}

function toFingerprint(data: object): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
}
