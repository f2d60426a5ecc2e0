import { type LogRecord } from '@fleetstream/kafka';
import { type Clock, type Log } from '@fleetstream/kernel';

/** `back`: records are stamped earlier than ones before them; `ahead`: later than it is here. */
export type LogClockJump = 'back' | 'ahead';

/** Tells of brokers whose clocks jump: log time is theirs, and timers go by it. */
export interface LogClockWatch {
  /** A batch of one partition, as it was read. */
  note(records: readonly LogRecord[]): void;
}

/** A new leader's clock may be off by less; nobody need be told. */
const toleratedMs = 5000;

interface PartitionClock {
  lastOffset: number;
  newestMs: number;
  isBack: boolean;
  isAhead: boolean;
}

/**
 * The fold takes a record that is stamped too early for one of the newest time so far, and fires timers too early when
 * a clock runs ahead: both are right by the law of log time and wrong for whoever waits, so a person is told, once for
 * each jump.
 */
export function createLogClockWatch(
  clock: Clock,
  log: Log,
  metrics: { onLogClockJump(direction: LogClockJump): void },
): LogClockWatch {
  const partitions = new Map<number, PartitionClock>();
  const tell = (direction: LogClockJump, partition: number, byMs: number) => {
    metrics.onLogClockJump(direction);
    log.warn({ partition, direction, byMs }, 'the clock of the log has jumped; look at the clock of its brokers');
  };
  return {
    note: (records) => {
      const last = records.at(-1);
      if (last === undefined) return;
      const { partition, offset, timestampMs } = last;
      const known = partitions.get(partition) ?? {
        lastOffset: -1,
        newestMs: timestampMs,
        isBack: false,
        isAhead: false,
      };
      partitions.set(partition, known);
      // A partition that is opened again is read from further back, which is no jump of a clock.
      if (offset <= known.lastOffset) return;
      known.lastOffset = offset;
      const backMs = known.newestMs - timestampMs;
      if (backMs > toleratedMs && !known.isBack) tell('back', partition, backMs);
      known.isBack = backMs > toleratedMs;
      const aheadMs = timestampMs - clock.nowMs();
      if (aheadMs > toleratedMs && !known.isAhead) tell('ahead', partition, aheadMs);
      known.isAhead = aheadMs > toleratedMs;
      known.newestMs = Math.max(known.newestMs, timestampMs);
    },
  };
}
