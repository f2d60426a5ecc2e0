import { type CommandData, outputEventSchemas, topics } from '@fleetstream/contracts';
import {
  createLogSource,
  fetchOffsetsSince,
  type LogRecord,
  type LogSource,
  type LogSourceOptions,
  partitionForKey,
} from '@fleetstream/kafka';
import { AppError, type Log, toAppError } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { type AuditEntry, toAuditEntry } from '../domain/audit-entry.ts';

export interface AuditWanted {
  readonly robotId: string | undefined;
  /** Log times, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  /** By partition, where an earlier page ended; instead of `fromMs`. */
  readonly offsets: Readonly<Record<string, number>> | undefined;
  readonly isMeant: (entry: AuditEntry) => boolean;
}

export interface AuditPage {
  /** The oldest first. */
  readonly entries: readonly AuditEntry[];
  /** Where to go on; none at the end. A page may be empty and go on, when little of much was meant. */
  readonly next: Readonly<Record<string, number>> | undefined;
}

/** Who did what, read from `fleet.commands` itself: as far back as the log reaches, and the same on every instance. */
export interface AuditLog extends Component {
  /** @throws AppError FS_BROKER_UNAVAILABLE; FS_OVERLOADED when too many ask at once */
  read(wanted: AuditWanted): Promise<AuditPage>;
}

/** Records that one page looks at, over all partitions. */
const recordsMax = 20_000;
const waitMs = 500;
/** Questions that wait for their turn. */
const waitingMax = 8;

interface Scan {
  readonly partition: number;
  readonly entries: readonly AuditEntry[];
  readonly nextOffset: number;
  /** Up to which log time everything is in `entries`. */
  readonly horizonMs: number;
}

export function createAuditLog({ kafka, log }: Pick<LogSourceOptions, 'kafka'> & { readonly log: Log }): AuditLog {
  const source = createLogSource({ kafka, topic: topics.commands, log, maxWaitMs: 100 });
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  // A partition has one reader at a time, so one question at a time.
  const inTurn = async <Value>(run: () => Promise<Value>): Promise<Value> => {
    if (waiting >= waitingMax) throw new AppError('FS_OVERLOADED', 'Too many questions to the audit wait.');
    waiting += 1;
    const turn = last.then(run);
    last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      waiting -= 1;
    }
  };
  return {
    name: 'audit-log',
    start: async () => {
      await source.start();
      return async () => {
        await last;
        await source.stop();
      };
    },
    read: (wanted) =>
      inTurn(async () => {
        const starts = await findStarts(kafka, wanted);
        const scans: Scan[] = [];
        for (const [partition, offset] of starts) {
          scans.push(await scan(source, partition, offset, Math.ceil(recordsMax / starts.length), wanted));
        }
        return toPage(scans, wanted.limit);
      }),
  };
}

async function findStarts(
  kafka: LogSourceOptions['kafka'],
  { robotId, fromMs, offsets }: AuditWanted,
): Promise<[number, number][]> {
  const since = await fetchOffsetsSince(kafka, topics.commands, fromMs);
  const one = robotId === undefined ? undefined : partitionForKey(robotId, since.size);
  return [...since]
    .filter(([partition]) => one === undefined || partition === one)
    .map(([partition, offset]) => [partition, Math.max(offset, offsets?.[String(partition)] ?? 0)]);
}

async function scan(
  source: LogSource,
  partition: number,
  fromOffset: number,
  max: number,
  { toMs, limit, isMeant }: AuditWanted,
): Promise<Scan> {
  const entries: AuditEntry[] = [];
  let [nextOffset, horizonMs] = [fromOffset, -Infinity];
  try {
    const { end } = await source.offsets(partition);
    const reader = source.read(partition, fromOffset);
    try {
      while (nextOffset < end && nextOffset - fromOffset < max && entries.length < limit && horizonMs <= toMs) {
        const batch = await reader.next(waitMs);
        if (batch === undefined) continue;
        for (const record of batch.records) {
          horizonMs = Math.max(horizonMs, record.timestampMs);
          const entry = toEntry(record);
          if (entry !== undefined && entry.atMs <= toMs && isMeant(entry)) entries.push(entry);
        }
        nextOffset = batch.nextOffset;
      }
      const isDone = nextOffset >= end || horizonMs > toMs;
      return { partition, entries, nextOffset, horizonMs: isDone ? Infinity : horizonMs };
    } finally {
      reader.close();
    }
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', 'The log of commands could not be read.');
  }
}

/** What lies beyond the nearest horizon may have something of another partition before it, and waits for the next page. */
function toPage(scans: readonly Scan[], limit: number): AuditPage {
  const horizonMs = Math.min(...scans.map((one) => one.horizonMs));
  const all = scans
    .flatMap(({ entries }) => entries)
    .filter(({ atMs }) => atMs <= horizonMs)
    .sort((a, b) => a.atMs - b.atMs || a.at.partition - b.at.partition || a.at.offset - b.at.offset);
  const entries = all.slice(0, limit);
  const taken = new Set(entries);
  const next = scans.map(({ partition, entries: found, nextOffset }) => {
    const left = found.find((entry) => !taken.has(entry));
    return [String(partition), left?.at.offset ?? nextOffset] as const;
  });
  const goesOn = horizonMs < Infinity || taken.size < scans.reduce((sum, one) => sum + one.entries.length, 0);
  return { entries, next: goesOn ? Object.fromEntries(next) : undefined };
}

function toEntry({ value, partition, offset }: LogRecord): AuditEntry | undefined {
  const data = decode(value);
  return data === undefined ? undefined : toAuditEntry(data, { partition, offset });
}

/** What is no command is the follower's to count. */
function decode(value: Buffer | null): CommandData | undefined {
  try {
    const event = JSON.parse(String(value)) as { readonly data?: unknown } | null;
    return outputEventSchemas['fleet.command.v1'].safeParse(event?.data).data;
  } catch {
    return undefined;
  }
}
