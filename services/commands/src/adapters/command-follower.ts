import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandData, outputEventSchemas, topics } from '@fleetstream/contracts';
import {
  createLogSource,
  fetchOffsetsSince,
  type LogReader,
  type LogRecord,
  type LogSource,
  type LogSourceOptions,
} from '@fleetstream/kafka';
import { AppError, type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';

export interface CommandFollowerOptions {
  readonly kafka: LogSourceOptions['kafka'];
  readonly log: Log;
  readonly clock: Clock;
  /** How far back it begins to read. Commands live a day at most, so a day and an hour show every open one. */
  readonly historyMs: number;
  /** In the log's order for each robot. */
  readonly onTransition: (data: CommandData, at: { readonly partition: number; readonly offset: number }) => void;
  readonly onUndecodable: () => void;
}

export interface CommandFollower extends Component {
  /** Whether everything that was in the log at the start has been read. */
  caughtUp(): boolean;
  /** Records that are not read yet, over all partitions. */
  lagRecords(): number;
}

interface Tail {
  reader: LogReader;
  nextOffset: number;
  readonly caughtUpAt: number;
}

const waitMs = 1000;
const retryMs = 1000;

/** Follows `fleet.commands` from some time back, in no group: every instance sees every transition. */
export function createCommandFollower(options: CommandFollowerOptions): CommandFollower {
  const { kafka, log, clock } = options;
  const tails = new Map<number, Tail>();
  let stopping = false;
  const source = createLogSource({ kafka, topic: topics.commands, log });

  const follow = async (partition: number, tail: Tail): Promise<void> => {
    while (!stopping) {
      try {
        const batch = await tail.reader.next(waitMs);
        for (const record of batch?.records ?? []) take(record, options);
        tail.nextOffset = batch?.nextOffset ?? tail.nextOffset;
      } catch (thrown) {
        log.warn({ partition, reason: toMessage(thrown) }, 'the commands read last are not in the log any more');
        await sleep(retryMs);
        if (thrown instanceof AppError && thrown.code === 'FS_LOG_TRUNCATED')
          await reopen(source, partition, tail, log);
      }
    }
  };

  return {
    name: 'command-follower',
    caughtUp: () => tails.size > 0 && [...tails.values()].every((tail) => tail.nextOffset >= tail.caughtUpAt),
    lagRecords: () =>
      [...tails.values()].reduce((sum, { reader, nextOffset }) => sum + Math.max(0, reader.endOffset - nextOffset), 0),
    start: async () => {
      const starts = await fetchOffsetsSince(kafka, topics.commands, clock.nowMs() - options.historyMs);
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
    log.warn({ partition, reason: toMessage(thrown) }, 'where the log of commands begins is not known yet');
  }
}

function take(record: LogRecord, { onTransition, onUndecodable, log }: CommandFollowerOptions): void {
  const data = decode(record);
  if (data !== undefined) {
    onTransition(data, { partition: record.partition, offset: record.offset });
    return;
  }
  onUndecodable();
  log.warn({ partition: record.partition, offset: record.offset }, 'a record of fleet.commands is no command');
}

function decode({ value }: LogRecord): CommandData | undefined {
  if (value === null) return undefined;
  try {
    const event = JSON.parse(value.toString('utf8')) as { readonly type?: unknown; readonly data?: unknown } | null;
    if (event?.type !== 'fleet.command.v1') return undefined;
    return outputEventSchemas['fleet.command.v1'].safeParse(event.data).data;
  } catch {
    return undefined;
  }
}
