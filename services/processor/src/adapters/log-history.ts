import { topics } from '@fleetstream/contracts';
import { type createKafkaClient, fetchOffsets, fetchOffsetsSince, type LogRecord, readLog } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';
import { type PastMoment } from '../domain/robot-query.ts';

/** A stretch of one partition, and up to when timers fire at its end. */
export interface LogMoment {
  /** Every record before it belongs to the moment. */
  readonly offset: number;
  /** Of a moment that was given as a time: then timers that are due by it have fired. */
  readonly timeMs: number | undefined;
}

/** What the log and the output topics still hold of a partition's past. */
export interface LogHistory {
  /** @throws AppError FS_OFFSET_NOT_REACHED past the log's end, FS_QUERY_INVALID for a time to come */
  toMoment(partition: number, moment: PastMoment | undefined): Promise<LogMoment>;
  start(partition: number): Promise<number>;
  read(partition: number, from: number, until: number, signal: AbortSignal): AsyncIterable<LogRecord>;
  /** What was committed for a key to the output topics since a log time. */
  outputs(
    partition: number,
    sinceMs: number,
    signal: AbortSignal,
  ): AsyncIterable<LogRecord & { readonly topic: string }>;
}

const outputTopics = [topics.states, topics.alerts, topics.commands, topics.deadLetters];

export function createLogHistory(kafka: ReturnType<typeof createKafkaClient>, nowMs: () => number): LogHistory {
  const rangeOf = async (partition: number) => {
    const range = (await fetchOffsets(kafka, topics.events)).get(partition);
    if (range === undefined) throw new AppError('FS_NOT_FOUND', `There is no partition ${partition}`);
    return range;
  };
  return {
    toMoment: async (partition, moment) => {
      const { start, end } = await rangeOf(partition);
      if (moment === undefined) return { offset: end, timeMs: undefined };
      if (moment.kind === 'offset') {
        if (moment.offset <= end) return { offset: moment.offset, timeMs: undefined };
        throw new AppError('FS_OFFSET_NOT_REACHED', `The log of partition ${partition} ends at ${end}`);
      }
      if (moment.timeMs > nowMs()) throw new AppError('FS_QUERY_INVALID', 'at: lies in the future');
      const since = await fetchOffsetsSince(kafka, topics.events, moment.timeMs + 1);
      // Before the log's start nothing says how much was there at that time.
      return { offset: Math.max(since.get(partition) ?? end, start), timeMs: moment.timeMs };
    },
    start: async (partition) => (await rangeOf(partition)).start,
    read: (partition, from, until, signal) =>
      readLog({
        ...{ kafka, topic: topics.events, partitions: [partition], signal },
        fromOffsets: new Map([[partition, from]]),
        untilOffsets: new Map([[partition, until]]),
      }),
    outputs: async function* (partition, sinceMs, signal) {
      for (const topic of outputTopics) {
        const fromOffsets = await fetchOffsetsSince(kafka, topic, sinceMs);
        for await (const record of readLog({ kafka, topic, partitions: [partition], fromOffsets, signal })) {
          yield { ...record, topic };
        }
      }
    },
  };
}
