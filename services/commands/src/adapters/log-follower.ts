import { setTimeout as sleep } from 'node:timers/promises';
import {
  createLogSource,
  fetchOffsetsSince,
  type LogPosition,
  type LogReader,
  type LogRecord,
  type LogSource,
  type LogSourceOptions,
} from '@fleetstream/kafka';
import { AppError, type Log, toMessage } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';

export interface LogFollowerOptions {
  readonly kafka: LogSourceOptions['kafka'];
  readonly topic: string;
  readonly log: Log;
  /** From which log time on it reads, milliseconds since the epoch; 0: from the log's start. Asked at its start. */
  readonly sinceMs: () => number;
  /** In the log's order for each key. Must not throw. */
  readonly onRecord: (record: LogRecord) => void;
}

export interface LogFollower extends Component {
  /** Whether everything that was in the log at the start has been read. */
  caughtUp(): boolean;
  /** Records that are not read yet, over all partitions. */
  lagRecords(): number;
  /** Whether the record there, and all before it in its partition, have been read. */
  hasRead(position: LogPosition): boolean;
}

interface Tail {
  reader: LogReader;
  nextOffset: number;
  readonly caughtUpAt: number;
}

const waitMs = 1000;
const retryMs = 1000;

/** Follows a topic from some time back, in no group: every instance sees every record. */
export function createLogFollower(options: LogFollowerOptions): LogFollower {
  const { kafka, topic, log, onRecord } = options;
  const tails = new Map<number, Tail>();
  let stopping = false;
  const source = createLogSource({ kafka, topic, log });

  const follow = async (partition: number, tail: Tail): Promise<void> => {
    while (!stopping) {
      try {
        const batch = await tail.reader.next(waitMs);
        for (const record of batch?.records ?? []) onRecord(record);
        tail.nextOffset = batch?.nextOffset ?? tail.nextOffset;
      } catch (thrown) {
        log.warn({ topic, partition, reason: toMessage(thrown) }, 'what was read last is not in the log any more');
        await sleep(retryMs);
        if (thrown instanceof AppError && thrown.code === 'FS_LOG_TRUNCATED')
          await reopen(source, partition, tail, log);
      }
    }
  };

  return {
    name: `follower of ${topic}`,
    caughtUp: () => tails.size > 0 && [...tails.values()].every((tail) => tail.nextOffset >= tail.caughtUpAt),
    lagRecords: () =>
      [...tails.values()].reduce((sum, { reader, nextOffset }) => sum + Math.max(0, reader.endOffset - nextOffset), 0),
    hasRead: ({ partition, offset }) => (tails.get(partition)?.nextOffset ?? 0) > offset,
    start: async () => {
      const starts = await fetchOffsetsSince(kafka, topic, options.sinceMs());
      await source.start();
      for (const [partition, offset] of starts) {
        const { end } = await source.offsets(partition);
        tails.set(partition, { reader: source.read(partition, offset), nextOffset: offset, caughtUpAt: end });
      }
      const following = [...tails].map(([partition, tail]) => follow(partition, tail));
      return async () => {
        stopping = true;
        await source.stop();
        await Promise.all(following);
      };
    },
  };
}

async function reopen(source: LogSource, partition: number, tail: Tail, log: Log): Promise<void> {
  try {
    const { start } = await source.offsets(partition);
    tail.reader.close();
    tail.nextOffset = Math.max(start, tail.nextOffset);
    tail.reader = source.read(partition, tail.nextOffset);
  } catch (thrown) {
    log.warn({ partition, reason: toMessage(thrown) }, 'where the log begins is not known yet');
  }
}
