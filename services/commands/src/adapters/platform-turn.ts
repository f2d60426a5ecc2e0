import { randomUUID } from 'node:crypto';
import { AppError, toMessage } from '@fleetstream/kernel';
import { type PlatformList } from '../domain/platform-robot.ts';
import { mergeList, type RosterEntries, type RosterEntry } from '../domain/robot-roster.ts';
import { type Telling, tellLog, toTellings } from './platform-enrolment.ts';
import { type Roster } from './platform-roster-store.ts';
import { type RobotDirectoryOptions } from './robot-directory.ts';
import { type RobotPlatform } from './robot-platform.ts';

export interface TurnOptions extends Omit<RobotDirectoryOptions, 'platform' | 'freshMs'> {
  readonly platform: RobotPlatform;
  /** What is known so far. */
  readonly roster: Roster | undefined;
  /** Whether the turn is ours; otherwise the list is only looked at, and nobody is told or retired. */
  readonly mayChange: boolean;
}

/**
 * Asks for the list, holds it against what is known, tells the log what changed and shares the result.
 *
 * @throws AppError FS_PLATFORM_UNAVAILABLE when there was no list, or none that can be believed
 */
export async function playTurn(options: TurnOptions): Promise<Roster> {
  const { rules, clock, metrics, log, mayChange } = options;
  const base = options.roster ?? { epoch: randomUUID().slice(0, 8), revision: 0, fetchedAtMs: 0, entries: new Map() };
  const list = await askForList(options);
  const nowMs = clock.nowMs();
  const merge = mergeList(base.entries, list, rules, nowMs);
  if (merge.kind === 'held') {
    metrics.listed(merge.reason);
    const counts = { listed: list.robots.length, known: base.entries.size, lost: merge.lost };
    log.warn(counts, 'a list of the Robot Platform is not believed: it lacks too many robots; the last one is used');
    throw new AppError('FS_PLATFORM_UNAVAILABLE', 'The list of the Robot Platform lacks too many robots.');
  }
  metrics.listed(list.complete ? 'taken' : 'partial');
  // Without the turn nobody may be counted as missing twice over, so what is known of that stays as it was.
  if (!mayChange) return { ...base, fetchedAtMs: nowMs, entries: keepUncounted(base.entries, merge.entries) };
  const of = { epoch: base.epoch, revision: base.revision + 1, nowMs };
  const tellings = options.producer === undefined ? [] : toTellings(merge.entries.values(), merge.retired, of);
  const entries = new Map(merge.entries);
  if (options.producer === undefined) for (const { robot } of merge.retired) entries.delete(robot.id);
  const changed = merge.changed || merge.retired.length > 0 || tellings.length > 0 || base.revision === 0;
  const finished = await tell(options, tellings, entries);
  const next = changed
    ? { ...base, revision: of.revision, fetchedAtMs: nowMs, entries }
    : { ...base, fetchedAtMs: nowMs };
  // Whoever has the turn now has its own: ours would undo it.
  if (finished) await options.store.save(next);
  return next;
}

async function askForList({ platform, metrics }: TurnOptions): Promise<PlatformList> {
  try {
    return await platform.list();
  } catch (thrown) {
    metrics.listed('failed');
    throw thrown;
  }
}

/**
 * Marks in `entries` what the log took. What it didn't take is told the next time.
 *
 * @returns whether the turn is still ours
 */
async function tell(
  { producer, store, metrics, log }: TurnOptions,
  tellings: readonly Telling[],
  entries: Map<string, RosterEntry>,
): Promise<boolean> {
  if (producer === undefined || tellings.length === 0) return true;
  const counts = { enrolled: 0, updated: 0, retired: 0 };
  const onTold = (batch: readonly Telling[]) => {
    metrics.told(batch);
    for (const { kind, robotId, told } of batch) {
      counts[kind] += 1;
      if (kind === 'retired') log.info({ robotId }, 'a robot is retired: complete lists lacked it for long enough');
      const entry = entries.get(robotId);
      if (told === undefined) entries.delete(robotId);
      else if (entry !== undefined) entries.set(robotId, { ...entry, told });
    }
  };
  let finished = true;
  try {
    finished = await tellLog(tellings, { producer, mayTell: () => store.hasTurn(), onTold });
    if (!finished) log.warn(counts, 'another instance took its turn before the log was told of all robots');
  } catch (thrown) {
    metrics.tellingFailed();
    log.warn({ ...counts, reason: toMessage(thrown) }, 'the log did not take what it was told of robots');
  }
  if (counts.enrolled + counts.updated + counts.retired > 0) log.info(counts, 'the log was told of robots');
  return finished;
}

function keepUncounted(before: RosterEntries, after: RosterEntries): RosterEntries {
  const entries = new Map(after);
  for (const [id, entry] of before) if (after.get(id)?.missing !== undefined) entries.set(id, entry);
  return entries;
}
