import { type LogRecord } from '@fleetstream/kafka';
import { type Clock, isRobotId, type Log } from '@fleetstream/kernel';
import { type HotKey, HotKeys } from './domain/hot-keys.ts';

/** Which robots have the most records of each partition here. */
export interface HotKeyWatch {
  /** A batch of one partition, as it was read. */
  note(records: readonly LogRecord[]): void;
  /** The first is the hottest; none for a partition that nothing was read of lately. */
  hottest(partition: number): readonly HotKey[];
  /** The partitions that something was read of. */
  partitions(): Iterable<number>;
}

const windowMs = 30_000;
const namedMax = 5;
/** A robot with this share of a partition that gets at least so many records in a window is worth a line. */
const floodShare = 0.5;
const floodRecordsMin = 3000;

export function createHotKeyWatch(clock: Clock, log: Log): HotKeyWatch {
  const watched = new Map<number, { readonly keys: HotKeys; saidAtMs: number }>();
  const say = (partition: number, keys: HotKeys) => {
    const [first] = keys.hottest(1, clock.monotonicMs());
    if (first === undefined || first.share < floodShare || keys.total < floodRecordsMin) return;
    log.warn({ partition, ...first, records: keys.total }, 'one robot has most of the records of its partition');
  };
  return {
    note: (records) => {
      const partition = records[0]?.partition;
      if (partition === undefined) return;
      const nowMs = clock.monotonicMs();
      let one = watched.get(partition);
      if (one === undefined) {
        one = { keys: new HotKeys(windowMs, nowMs), saidAtMs: nowMs };
        watched.set(partition, one);
      }
      one.keys.note(records.length, (index) => toRobotId(records[index]), nowMs);
      if (nowMs - one.saidAtMs < windowMs) return;
      one.saidAtMs = nowMs;
      say(partition, one.keys);
    },
    hottest: (partition) => watched.get(partition)?.keys.hottest(namedMax, clock.monotonicMs()) ?? [],
    partitions: () => watched.keys(),
  };
}

/** Ticks and keys that no robot can have count for the partition and for nobody. */
function toRobotId(record: LogRecord | undefined): string | undefined {
  const key = record?.key;
  if (key === null || key === undefined || key.length > 64) return undefined;
  const robotId = key.toString('latin1');
  return isRobotId(robotId) && robotId !== 'fleet.tick' ? robotId : undefined;
}
