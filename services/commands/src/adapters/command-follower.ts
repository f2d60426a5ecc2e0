import { type CommandData, outputEventSchemas, topics } from '@fleetstream/contracts';
import { type LogPosition, type LogSourceOptions } from '@fleetstream/kafka';
import { type Clock, type Log } from '@fleetstream/kernel';
import { decodeEvent } from './decode-event.ts';
import { createLogFollower, type LogFollower } from './log-follower.ts';

export interface CommandFollowerOptions {
  readonly kafka: LogSourceOptions['kafka'];
  readonly log: Log;
  readonly clock: Clock;
  /** How far back it begins to read. Commands live a day at most, so a day and an hour show every open one. */
  readonly historyMs: number;
  /** In the log's order for each robot. */
  readonly onTransition: (data: CommandData, at: LogPosition) => void;
  readonly onUndecodable: () => void;
}

/** Follows `fleet.commands` from some time back: every instance sees every transition. */
export function createCommandFollower(options: CommandFollowerOptions): LogFollower {
  const { kafka, log, clock, historyMs, onTransition, onUndecodable } = options;
  return createLogFollower({
    ...{ kafka, log, topic: topics.commands },
    sinceMs: () => clock.nowMs() - historyMs,
    onRecord: (record) => {
      const event = decodeEvent(record, outputEventSchemas, 'fleet.command.v1');
      if (event !== undefined) {
        onTransition(event.data, { partition: record.partition, offset: record.offset });
        return;
      }
      onUndecodable();
      log.warn({ partition: record.partition, offset: record.offset }, 'a record of fleet.commands is no command');
    },
  });
}
