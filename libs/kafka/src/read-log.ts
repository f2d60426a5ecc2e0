import { AppError, toAppError } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { createFetchLog } from './fetch-log.ts';
import { createCluster, type InsideCluster, type Isolation } from './kafkajs-inside.ts';
import { fetchRanges } from './log-offsets.ts';
import { type LogRecord } from './log-record.ts';

export interface ReadLogOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  /** Where to begin, by partition; the log's start for a partition that is absent. */
  readonly fromOffsets?: ReadonlyMap<number, number>;
  /** Where to end (exclusive), by partition; the end as it is at the call for a partition that is absent. */
  readonly untilOffsets?: ReadonlyMap<number, number>;
  /** Only these partitions; all when left out. */
  readonly partitions?: readonly number[];
  readonly isolation?: Isolation;
  readonly signal?: AbortSignal;
}

const maxWaitMs = 250;
const maxBytes = 16 * 1024 * 1024;
const maxPartitionBytes = 4 * 1024 * 1024;

/**
 * Reads a stretch of a topic once and ends: for tools, tests and the oracle. It joins no group and commits nothing.
 * Records of one partition come in their order; partitions are mixed. When `untilOffsets` lies beyond the log's end,
 * it waits for the records; `signal` ends that. With `committed` isolation it also waits for the transactions that are
 * open at the call, no longer than their time-out.
 *
 * @throws AppError FS_BROKER_UNAVAILABLE, FS_LOG_CORRUPT, FS_LOG_TRUNCATED when the log no longer reaches back to where it
 * should begin
 */
export async function* readLog(options: ReadLogOptions): AsyncIterable<LogRecord> {
  const { kafka, topic, isolation = 'committed' } = options;
  // The end is the log's own, not that of its last decided transaction: the markers of a commit that was acknowledged
  // a moment ago may still be on their way, and what it wrote belongs to the log as it is at the call.
  const cluster = createCluster(kafka, 'uncommitted');
  const fetchLog = createFetchLog();
  try {
    await cluster.connect();
    const open = await findStretches(cluster, options);
    while (open.size > 0 && options.signal?.aborted !== true) {
      for (const [nodeId, partitions] of byLeader(cluster, topic, [...open.keys()])) {
        const broker = await cluster.findBroker({ nodeId });
        const positions = partitions.map((partition) => ({ partition, offset: open.get(partition)?.next ?? 0 }));
        const answer = await fetchLog(broker, { topic, positions, isolation, maxWaitMs, maxBytes, maxPartitionBytes });
        for (const fetched of answer) {
          if (fetched.error !== undefined) throw toReadError(fetched.error, topic, fetched.partition);
          const stretch = open.get(fetched.partition);
          if (stretch === undefined) continue;
          for (const record of fetched.toRecords()) if (record.offset < stretch.until) yield record;
          stretch.next = fetched.nextOffset;
          if (stretch.next >= stretch.until) open.delete(fetched.partition);
        }
      }
    }
  } catch (thrown) {
    throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `${topic} could not be read`, { topic });
  } finally {
    await cluster.disconnect();
  }
}

interface Stretch {
  next: number;
  readonly until: number;
}

async function findStretches(cluster: InsideCluster, options: ReadLogOptions): Promise<Map<number, Stretch>> {
  const stretches = new Map<number, Stretch>();
  for (const [partition, range] of await fetchRanges(cluster, options.topic)) {
    if (options.partitions?.includes(partition) === false) continue;
    const next = options.fromOffsets?.get(partition) ?? range.start;
    const until = options.untilOffsets?.get(partition) ?? range.end;
    if (next < until) stretches.set(partition, { next, until });
  }
  return stretches;
}

/** Partitions by the node that leads them now. */
export function byLeader(cluster: InsideCluster, topic: string, partitions: readonly number[]): Map<number, number[]> {
  const leaders = new Map(cluster.findTopicPartitionMetadata(topic).map((found) => [found.partitionId, found.leader]));
  const grouped = new Map<number, number[]>();
  for (const partition of partitions) {
    const leader = leaders.get(partition);
    if (leader === undefined) {
      throw new AppError('FS_BROKER_UNAVAILABLE', `${topic} has no partition ${partition}, or it has no leader`);
    }
    const group = grouped.get(leader);
    if (group === undefined) grouped.set(leader, [partition]);
    else group.push(partition);
  }
  return grouped;
}

const offsetOutOfRange = 1;

function toReadError(error: { code: number; cause: Error }, topic: string, partition: number): AppError {
  if (error.cause instanceof AppError) return error.cause;
  const code = error.code === offsetOutOfRange ? 'FS_LOG_TRUNCATED' : 'FS_BROKER_UNAVAILABLE';
  return new AppError(code, `Partition ${partition} of ${topic} can't be read: ${error.cause.message}`, {
    cause: error.cause,
    context: { topic, partition },
  });
}
