import { AppError, type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type LogProducer } from '@fleetstream/kafka';
import { type Component } from '@fleetstream/runtime';
import { type PlatformRobot } from '../domain/platform-robot.ts';
import { type RosterRules } from '../domain/robot-roster.ts';
import { type PlatformMetrics } from './platform-metrics.ts';
import { type Roster, type RosterStore } from './platform-roster-store.ts';
import { playTurn } from './platform-turn.ts';
import { type RobotPlatform } from './robot-platform.ts';

export interface RobotDirectoryOptions {
  /** `undefined`: no Robot Platform is configured. */
  readonly platform: RobotPlatform | undefined;
  readonly store: RosterStore;
  /** Tells the log of robots that come, change and go; without it nothing is told. */
  readonly producer: Pick<LogProducer, 'append'> | undefined;
  readonly rules: RosterRules;
  readonly metrics: PlatformMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** A list that is younger is not asked for again, by any instance. */
  readonly freshMs: number;
}

/** The robots as the Robot Platform listed them when last it gave a list that could be believed. */
export interface RobotListing {
  /** In the order of their ids. */
  readonly robots: readonly PlatformRobot[];
  /** Milliseconds since the epoch. */
  readonly fetchedAtMs: number;
}

export interface RobotDirectory extends Component {
  /**
   * The newest list that is known, at once; waits for the Robot Platform only when none is known.
   *
   * @throws AppError FS_PLATFORM_UNAVAILABLE when there is none, not even an old one
   */
  list(): Promise<RobotListing & { readonly ageMs: number; readonly stale: boolean }>;
  /** The robot as it was listed, as far as is known without asking. */
  find(robotId: string): PlatformRobot | undefined;
  /** Where the robot wants its commands posted, as far as is known without asking. */
  callbackOf(robotId: string): string | undefined;
  ageMs(): number | undefined;
  /** Looks for a newer list, unless the known one is fresh. Never rejects. */
  refresh(): Promise<void>;
}

/** A list is stale when it is this often as old as one may be: instances that look a moment apart don't make it so. */
const staleTimes = 2;

/** So that a list is hardly older than it may be before it is asked for again. */
const looksPerFresh = 4;

/**
 * Keeps the list of robots: in memory, shared through Redis, and served old when the Robot Platform gives no list that
 * can be believed. The instances take turns in asking; whose turn it is tells the log what changed.
 */
export function createRobotDirectory(options: RobotDirectoryOptions): RobotDirectory {
  const { platform, store, metrics, clock, log, freshMs } = options;
  let roster: Roster | undefined;
  let robots: readonly PlatformRobot[] = [];
  let refreshing: Promise<void> | undefined;

  const ageMs = () => (roster === undefined ? undefined : Math.max(0, clock.nowMs() - roster.fetchedAtMs));
  const keep = (next: Roster) => {
    if (next.entries !== roster?.entries) {
      const sorted = [...next.entries.values()].map(({ robot }) => robot).sort((a, b) => (a.id < b.id ? -1 : 1));
      robots = sorted;
      metrics.roster(sorted.length, [...next.entries.values()].filter(({ missing }) => missing !== undefined).length);
    }
    roster = next;
  };
  const look = async (source: RobotPlatform): Promise<void> => {
    const shared = await store.loadNewer(roster);
    if (shared !== undefined) keep(shared);
    if ((ageMs() ?? Infinity) < freshMs) return;
    const turn = await store.takeTurn();
    // Somebody else asks just now; without a list of our own we ask as well.
    if (turn === 'taken' && roster !== undefined) return;
    keep(await playTurn({ ...options, platform: source, roster, mayChange: turn === 'mine' }));
  };
  const refresh = (): Promise<void> => {
    if (platform === undefined) return Promise.resolve();
    refreshing ??= look(platform)
      .catch((thrown: unknown) => {
        log.debug({ reason: toMessage(thrown) }, 'the list of robots could not be refreshed');
      })
      .finally(() => {
        refreshing = undefined;
      });
    return refreshing;
  };
  const find = (robotId: string) => roster?.entries.get(robotId)?.robot;

  return {
    name: 'robot-directory',
    list: async () => {
      if (roster === undefined) await refresh();
      if (roster === undefined) throw new AppError('FS_PLATFORM_UNAVAILABLE', 'No list of robots is known.');
      const age = ageMs() ?? 0;
      return { robots, fetchedAtMs: roster.fetchedAtMs, ageMs: age, stale: age >= staleTimes * freshMs };
    },
    find,
    callbackOf: (robotId) => find(robotId)?.callbackUrl,
    ageMs,
    refresh,
    start: () => {
      void refresh();
      const timer = setInterval(() => void refresh(), freshMs / looksPerFresh);
      return Promise.resolve(async () => {
        clearInterval(timer);
        platform?.stop();
        await refreshing;
      });
    },
  };
}
