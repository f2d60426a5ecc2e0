import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type KeyValueCache } from '@fleetstream/cache';
import { z } from 'zod';
import { robotSchema } from '../domain/platform-robot.ts';
import { type RosterEntries, type RosterEntry } from '../domain/robot-roster.ts';

/** The robots that are known, and which state of that knowledge it is. */
export interface Roster {
  /** Of a roster that was begun from nothing. */
  readonly epoch: string;
  /** Counts up with every change. */
  readonly revision: number;
  /** When a list was last believed, in milliseconds since the epoch. */
  readonly fetchedAtMs: number;
  readonly entries: RosterEntries;
}

/** Who may change the roster, for a while. */
export type Turn = 'mine' | 'taken' | 'unknown';

/** Where instances share the roster: in Redis. Without Redis each goes on with its own. */
export interface RosterStore {
  /** The roster that the instances share, when it is another or a newer one. Never rejects. */
  loadNewer(than: Roster | undefined): Promise<Roster | undefined>;
  /** Never rejects. */
  save(roster: Roster): Promise<void>;
  /** Asks for the turn, or to go on with it. Never rejects. */
  takeTurn(): Promise<Turn>;
  /** Whether the turn is still this instance's: before anything that must not be done twice. Never rejects. */
  hasTurn(): Promise<boolean>;
}

const ttlSeconds = 30 * 86_400;
const robotsMax = 100_000;
const compressedCharsMax = 16 * 1024 * 1024;
const textBytesMax = 128 * 1024 * 1024;
const keys = { roster: 'roster', checked: 'roster-checked', turn: 'roster-turn' } as const;

const versionSchema = { epoch: z.string().max(64), revision: z.int().min(0), fetchedAtMs: z.number() };
const checkedSchema = z.object(versionSchema);
const entrySchema = z.object({
  robot: robotSchema,
  told: z.string().max(64).optional(),
  missing: z.object({ lists: z.int().min(1), sinceMs: z.number() }).optional(),
});
const rosterSchema = z.object({ ...versionSchema, entries: z.array(entrySchema).max(robotsMax) });

export interface RosterStoreOptions {
  readonly cache: KeyValueCache;
  /** Names this instance among those that take turns. */
  readonly instance: string;
  /** A turn ends by itself after so long without being taken again. */
  readonly turnSeconds: number;
}

export function createRosterStore({ cache, instance, turnSeconds }: RosterStoreOptions): RosterStore {
  /** The version that Redis was seen to have: what was written there may have come to nothing. */
  let seen: string | undefined;
  return {
    loadNewer: async (than) => {
      const checked = parse(checkedSchema, await cache.get(keys.checked));
      seen = checked === undefined ? undefined : toVersion(checked);
      if (checked === undefined) return undefined;
      if (than?.epoch !== checked.epoch || than.revision < checked.revision) {
        return await decodeRoster(await cache.get(keys.roster));
      }
      // The same robots, only found to be the same again: nothing to read.
      const again = than.revision === checked.revision && than.fetchedAtMs < checked.fetchedAtMs;
      return again ? { ...than, fetchedAtMs: checked.fetchedAtMs } : undefined;
    },
    save: async (roster) => {
      const { epoch, revision, fetchedAtMs } = roster;
      if (seen !== toVersion(roster)) {
        const text = await encodeRoster(roster);
        // Redis is one thread for all: a longer one stays with the instance that made it.
        if (text.length > compressedCharsMax) return;
        await cache.set(keys.roster, text, ttlSeconds);
      }
      await cache.set(keys.checked, JSON.stringify({ epoch, revision, fetchedAtMs }), ttlSeconds);
    },
    takeTurn: async () => {
      const claim = await cache.claim(keys.turn, instance, turnSeconds);
      if (claim.kind === 'unknown') return 'unknown';
      if (claim.kind === 'taken' && claim.value !== instance) return 'taken';
      if (claim.kind === 'taken') await cache.set(keys.turn, instance, turnSeconds);
      return 'mine';
    },
    hasTurn: async () => (await cache.get(keys.turn)) === instance,
  };
}

function toVersion({ epoch, revision }: Pick<Roster, 'epoch' | 'revision'>): string {
  return `${epoch}-${revision}`;
}

async function encodeRoster({ entries, ...version }: Roster): Promise<string> {
  const text = JSON.stringify({ ...version, entries: [...entries.values()] });
  return (await promisify(gzip)(text, { level: 1 })).toString('base64');
}

async function decodeRoster(text: string | undefined): Promise<Roster | undefined> {
  if (text === undefined) return undefined;
  const bytes = await promisify(gunzip)(Buffer.from(text, 'base64'), { maxOutputLength: textBytesMax }).catch(
    // Not ours, or cut off: as good as none.
    () => undefined,
  );
  const roster = parse(rosterSchema, bytes?.toString('utf8'));
  if (roster === undefined) return undefined;
  return { ...roster, entries: new Map(roster.entries.map((entry) => [entry.robot.id, entry as RosterEntry])) };
}

function parse<Value>(schema: z.ZodType<Value>, text: string | undefined): Value | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not ours, or cut off: as good as none.
    return undefined;
  }
}
