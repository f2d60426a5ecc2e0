import { type KeyValueCache } from '@fleetstream/cache';
import { AppError, type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { z } from 'zod';
import { type PlatformRobot, type RobotPlatform, robotSchema } from './robot-platform.ts';

export interface RobotDirectoryOptions {
  /** `undefined`: no Robot Platform is configured. */
  readonly platform: RobotPlatform | undefined;
  readonly cache: KeyValueCache;
  readonly clock: Clock;
  readonly log: Log;
  /** A list that is younger is not asked for again, by any instance. */
  readonly freshMs: number;
}

/** The robots as the Robot Platform listed them when last it answered. */
export interface RobotListing {
  readonly robots: readonly PlatformRobot[];
  /** Milliseconds since the epoch. */
  readonly fetchedAtMs: number;
}

export interface RobotDirectory extends Component {
  /**
   * The newest list that is known; asks for a newer one first when it is not fresh.
   *
   * @throws AppError FS_PLATFORM_UNAVAILABLE when there is none, not even an old one
   */
  list(): Promise<RobotListing & { readonly ageMs: number; readonly stale: boolean }>;
  /** The robot as it was listed, as far as is known without asking. */
  find(robotId: string): PlatformRobot | undefined;
  /** Where the robot wants its commands posted, as far as is known without asking. */
  callbackOf(robotId: string): string | undefined;
  ageMs(): number | undefined;
}

const listingSchema = z.object({
  robots: z.array(robotSchema).max(100_000),
  fetchedAtMs: z.number(),
});

const cacheKey = 'robots';
/** An old list is better than none for this long. */
const cacheTtlSeconds = 86_400;
/** Redis is one thread for all: a longer list stays with the instance that fetched it. */
const cachedCharsMax = 8 * 1024 * 1024;

/** Keeps the list of robots: in memory, shared through Redis, and served old when the Robot Platform doesn't answer. */
export function createRobotDirectory(options: RobotDirectoryOptions): RobotDirectory {
  const { platform, cache, clock, log, freshMs } = options;
  let listing: RobotListing | undefined;
  let etag: string | undefined;
  let byId: ReadonlyMap<string, PlatformRobot> = new Map();
  let refreshing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const ageMs = () => (listing === undefined ? undefined : Math.max(0, clock.nowMs() - listing.fetchedAtMs));
  const isFresh = () => (ageMs() ?? Infinity) < freshMs;
  const keep = (next: RobotListing) => {
    listing = next;
    byId = new Map(next.robots.map((robot) => [robot.id, robot]));
  };

  const fetchListing = async (source: RobotPlatform): Promise<void> => {
    const shared = parseListing(await cache.get(cacheKey));
    if (shared !== undefined && shared.fetchedAtMs > (listing?.fetchedAtMs ?? 0)) {
      // Another instance's list has another's tag: ask for the whole list the next time.
      etag = undefined;
      keep(shared);
    }
    if (isFresh()) return;
    const answer = await source.list(etag);
    const fetchedAtMs = clock.nowMs();
    keep({ robots: answer.kind === 'list' ? answer.robots : (listing?.robots ?? []), fetchedAtMs });
    if (answer.kind === 'list') etag = answer.etag;
    const text = JSON.stringify(listing);
    if (text.length <= cachedCharsMax) await cache.set(cacheKey, text, cacheTtlSeconds);
  };
  const refresh = (): Promise<void> => {
    if (platform === undefined || isFresh()) return Promise.resolve();
    refreshing ??= fetchListing(platform)
      .catch((thrown: unknown) => {
        log.debug({ reason: toMessage(thrown) }, 'the list of robots could not be refreshed');
      })
      .finally(() => {
        refreshing = undefined;
      });
    return refreshing;
  };

  return {
    name: 'robot-directory',
    list: async () => {
      await refresh();
      if (listing === undefined) throw new AppError('FS_PLATFORM_UNAVAILABLE', 'No list of robots is known.');
      return { ...listing, ageMs: ageMs() ?? 0, stale: !isFresh() };
    },
    find: (robotId) => byId.get(robotId),
    callbackOf: (robotId) => byId.get(robotId)?.callbackUrl,
    ageMs,
    start: () => {
      void refresh();
      timer = setInterval(() => void refresh(), Math.max(freshMs, 1000));
      return Promise.resolve(async () => {
        clearInterval(timer);
        platform?.stop();
        await refreshing;
      });
    },
  };
}

function parseListing(text: string | undefined): RobotListing | undefined {
  if (text === undefined) return undefined;
  try {
    return listingSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not ours, or cut off: as good as none.
    return undefined;
  }
}
