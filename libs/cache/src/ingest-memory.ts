import { type Log } from '@fleetstream/kernel';
import { createCachedScript } from './cached-script.ts';
import { askScript, markScript } from './ingest-scripts.ts';
import { type BreakerState, type CacheFailure, createRedisConnection } from './redis-connection.ts';
import { createTurnJoiner } from './turn-joiner.ts';

export interface IngestMemoryOptions {
  /** `redis://[user:password@]host:port[/database]` */
  readonly url: string;
  readonly log: Log;
  /** How long an event counts as seen; a day by default. */
  readonly ttlSeconds?: number;
  /** What a caller waits for Redis at most; 100 ms by default. */
  readonly timeoutMs?: number;
  /** How long an open breaker leaves Redis alone before it tries one call; 1 s by default. */
  readonly retryMs?: number;
  /** Token buckets, in events per second and events; a rate of 0 has no limit. */
  readonly robotBucket?: TokenBucket;
  readonly fleetBucket?: TokenBucket;
  /** Told of every call to Redis that came to nothing, including those the open breaker didn't let through. */
  readonly onFailure?: (operation: 'find' | 'mark', reason: CacheFailure) => void;
}

export interface TokenBucket {
  readonly perSecond: number;
  readonly burst: number;
}

/** By what an event is known: its sequence within a boot where it has both, as the robot model knows it, else its id. */
export interface EventKey {
  readonly id: string;
  readonly bootid?: string | undefined;
  readonly sequence?: number | undefined;
}

/** 0 safety, 1 command replies, 2 state, 3 telemetry. */
export type IngestRank = 0 | 1 | 2 | 3;

export interface IngestQuestion {
  readonly robotId: string;
  /** Whose bucket is charged beside the robot's. */
  readonly fleet: string;
  readonly events: readonly EventKey[];
  /** One per event. */
  readonly ranks: readonly IngestRank[];
  /** Also ask whether the robot has commands due; costs nothing where it is left out. */
  readonly asksCommands?: boolean;
}

export interface IngestRecall {
  /** One per event: whether it was marked within the last `ttlSeconds`, as far as is known. */
  readonly seen: readonly boolean[];
  /** Events of a higher rank exceed a bucket; never below 1. */
  readonly worstRank: IngestRank;
  readonly bucket: 'robot' | 'fleet';
  /** What the processor published of the boots that the events name: JSON texts. */
  readonly folded: readonly string[];
  /** Whether the command service says that the robot has commands due; false where nobody asked. A hint. */
  readonly commandsDue: boolean;
}

/**
 * What all pods remember of robots' events, in Redis: which were appended, and how many came lately. One round trip
 * for all requests of a turn of the event loop. Only a cache: without Redis nothing counts as seen, no bucket is empty,
 * and nobody waits; the processor dedups exactly. Bounded per robot (128 blocks of 8192 sequence numbers, 1024 ids).
 */
export interface IngestMemory {
  readonly name: string;
  /** Begins to connect and returns at once; the result hangs up. */
  start(): Promise<() => Promise<void>>;
  /** Charges the buckets for what is new and granted. Never rejects; `undefined` when Redis did not say. */
  recall(question: IngestQuestion): Promise<IngestRecall | undefined>;
  /**
   * Marks events, without an answer: later questions of this process see them. Call it only after the log has them: a
   * mark made before would turn the repetition of a lost event into a "duplicate", which is its second loss.
   */
  mark(robotId: string, events: readonly EventKey[]): void;
  breakerState(): BreakerState;
}

/** Events in one call at most: a longer one would hold up Redis' only thread. */
const maxEventsPerCall = 1000;
const blockBits = 8192;
const blocksMax = 128;
const idsMax = 1024;
/** A bucket filled beyond this share takes no telemetry, so that states don't wait behind it. */
const stateShare = 0.8;

export function createIngestMemory(options: IngestMemoryOptions): IngestMemory {
  const { log, ttlSeconds = 86_400, timeoutMs = 100, retryMs = 1000, onFailure = () => undefined } = options;
  const connection = createRedisConnection({
    url: options.url,
    log,
    name: 'fleetstream-ingest',
    timeoutMs,
    retryMs,
    withoutIt: 'duplicates are not looked up and floods not measured',
  });
  const ask = createCachedScript(connection.redis, askScript);
  const mark = createCachedScript(connection.redis, markScript);
  const failed = {
    find: (reason: CacheFailure) => {
      onFailure('find', reason);
    },
    mark: (reason: CacheFailure) => {
      onFailure('mark', reason);
    },
  };
  const limits = toLimitsText(options, ttlSeconds);
  const joiner = createTurnJoiner<Weighted, Weighted, IngestRecall | undefined>({
    maxWeight: maxEventsPerCall,
    weigh: ({ events }) => events,
    mark: (marks) => connection.guard(() => mark([limits, ...marks.map(({ text }) => text)]), failed.mark),
    ask: async (questions) => {
      const answers = await connection.guard(() => ask([limits, ...questions.map(({ text }) => text)]), failed.find);
      if (!Array.isArray(answers)) return questions.map(() => undefined);
      return answers.map(toRecall);
    },
  });

  return {
    name: 'ingest-memory',
    start: () => {
      connection.open();
      return Promise.resolve(async () => {
        await joiner.settled();
        connection.close();
      });
    },
    recall: ({ robotId, fleet, events, ranks, asksCommands }) => {
      const { boots, bootids, ids, idPlaces } = sortKeys(events);
      const blocks = boots.map(({ bootid, block, bits, places }) => [bootid, block, bits, places]);
      const question: unknown[] = [robotId, fleet, ranks.join(''), blocks, [ids, idPlaces], bootids];
      if (asksCommands === true) question.push(1);
      const text = JSON.stringify(question);
      return joiner.ask({ events: events.length, text });
    },
    mark: (robotId, events) => {
      if (events.length === 0) return;
      const { boots, ids } = sortKeys(events);
      const blocks = boots.map(({ bootid, block, bits }) => [bootid, block, bits]);
      joiner.mark({ events: events.length, text: JSON.stringify([robotId, blocks, ids]) });
    },
    breakerState: () => connection.breakerState(),
  };
}

/** A request as it goes to the script. */
interface Weighted {
  readonly events: number;
  readonly text: string;
}

interface BootBlock {
  readonly bootid: string;
  /** As text: Lua would print a large number inexactly. */
  readonly block: string;
  readonly bits: number[];
  /** Where in the request each stands, counted from 1. */
  readonly places: number[];
}

interface SortedKeys {
  readonly boots: BootBlock[];
  readonly bootids: string[];
  readonly ids: string[];
  readonly idPlaces: number[];
}

/** Consecutive events mostly share a boot and a block: looking at the last one finds it. */
function sortKeys(events: readonly EventKey[]): SortedKeys {
  const sorted: SortedKeys = { boots: [], bootids: [], ids: [], idPlaces: [] };
  for (const [index, { id, bootid, sequence }] of events.entries()) {
    if (bootid === undefined || sequence === undefined) {
      sorted.ids.push(id);
      sorted.idPlaces.push(index + 1);
      continue;
    }
    const bit = sequence % blockBits;
    const block = String((sequence - bit) / blockBits);
    let place = sorted.boots.at(-1);
    if (place?.block !== block || place.bootid !== bootid) {
      place = sorted.boots.find((boot) => boot.block === block && boot.bootid === bootid);
      if (place === undefined) {
        place = { bootid, block, bits: [], places: [] };
        sorted.boots.push(place);
        if (!sorted.bootids.includes(bootid)) sorted.bootids.push(bootid);
      }
    }
    place.bits.push(bit);
    place.places.push(index + 1);
  }
  return sorted;
}

function toLimitsText({ robotBucket, fleetBucket }: IngestMemoryOptions, ttl: number): string {
  return JSON.stringify({
    ttl,
    blocksMax,
    idsMax,
    stateShare,
    robotRate: robotBucket?.perSecond ?? 0,
    robotBurst: robotBucket?.burst ?? 1,
    fleetRate: fleetBucket?.perSecond ?? 0,
    fleetBurst: fleetBucket?.burst ?? 1,
  });
}

/** `<worst rank><r or f><a digit per event>`, then the texts of boots, and `due` when there are commands. */
function toRecall(answer: unknown): IngestRecall | undefined {
  if (!Array.isArray(answer)) return undefined;
  const [head, ...folded] = answer as string[];
  if (head === undefined) return undefined;
  const seen: boolean[] = [];
  for (let at = 2; at < head.length; at += 1) seen.push(head.charCodeAt(at) === 49);
  const worst = head.charCodeAt(0) - 48;
  const commandsDue = folded.at(-1) === 'due';
  if (commandsDue) folded.pop();
  return { seen, worstRank: worst as IngestRank, bucket: head[1] === 'f' ? 'fleet' : 'robot', folded, commandsDue };
}
