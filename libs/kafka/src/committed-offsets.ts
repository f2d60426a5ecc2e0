import { toAppError, toMessage } from '@fleetstream/kernel';
import { type Log } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { createCluster, type InsideCluster } from './kafkajs-inside.ts';
import { fetchGroupOffsets } from './log-offsets.ts';

/** Asks again and again what a group has committed, over one connection, one request at a time for all who ask. */
export interface CommittedOffsets {
  /** The next offset the group will commit past; `undefined` when there is none yet. @throws AppError FS_BROKER_UNAVAILABLE */
  of(partition: number): Promise<number | undefined>;
  stop(): Promise<void>;
}

export interface CommittedOffsetsOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly log: Log;
}

/** Creates without connecting. See {@link CommittedOffsets}. */
export function createCommittedOffsets({ kafka, groupId, topic, log }: CommittedOffsetsOptions): CommittedOffsets {
  let cluster: InsideCluster | undefined;
  let running: Promise<Map<number, number>> | undefined;
  /** Those who came while a request was on its way: theirs is the next, which is asked after they came. */
  let next: { readonly partitions: Set<number>; readonly answer: Promise<Map<number, number>> } | undefined;

  async function disconnect(): Promise<void> {
    const old = cluster;
    cluster = undefined;
    await old?.disconnect().catch((thrown: unknown) => {
      log.debug({ reason: toMessage(thrown) }, 'a connection for committed offsets did not close cleanly');
    });
  }

  async function fetch(partitions: ReadonlySet<number>): Promise<Map<number, number>> {
    try {
      if (cluster === undefined) {
        const connecting = createCluster(kafka, 'committed');
        await connecting.connect();
        cluster = connecting;
      }
      return await fetchGroupOffsets(cluster, groupId, topic, [...partitions]);
    } catch (thrown) {
      await disconnect();
      throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The broker did not tell what ${groupId} committed`, { topic });
    }
  }

  function join(partition: number): Promise<Map<number, number>> {
    if (next === undefined) {
      const partitions = new Set<number>();
      const before = running ?? Promise.resolve();
      const answer = before.then(ignore, ignore).then(() => {
        next = undefined;
        running = fetch(partitions);
        return running;
      });
      next = { partitions, answer };
    }
    next.partitions.add(partition);
    return next.answer;
  }

  return {
    of: async (partition) => (await join(partition)).get(partition),
    stop: disconnect,
  };
}

/** How the request before came out is told to those who asked for it. */
function ignore(): void {
  return undefined;
}
