import { topics } from '@fleetstream/contracts';
import { type AppendRecord } from '@fleetstream/kafka';
import { type AcknowledgedEvent } from '@fleetstream/testing';
import { hashRobotEvent } from '../../fleet/robot-event.ts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { createSimulatorSource } from '../../fleet/simulator/simulator-source.ts';

export interface HistoryItem {
  readonly record: AppendRecord;
  /** What its robot is owed once the record is in the log; poison owes nothing. */
  readonly owed: AcknowledgedEvent | undefined;
}

const repeatShare = 0.03;
const poisonShare = 0.01;
/** Any moment will do, as long as the same seed always has the same. */
const startMs = Date.UTC(2026, 0, 1);

/** Endless events of simulated robots, some appended twice, some records poison; the same for the same seed. */
export function* createSeededHistory(seed: number, robots: number): Generator<HistoryItem, void, undefined> {
  const { feeds } = createSimulatorSource({
    ...{ robots, rate: 0, speed: 1, seed, run: String(seed), once: false, startMs },
  });
  const random = createRandom(seed, 'restore');
  for (let count = 0; ; count += 1) {
    const feed = feeds[Math.floor(random() * feeds.length)];
    const item = feed?.next();
    if (feed === undefined || item?.kind !== 'event') continue;
    const { robotId } = feed.identity;
    const { event } = item;
    const owed = { robotId, id: event.id, result: 'accepted', sha256: hashRobotEvent(event) } as const;
    const toItem = (value: string): HistoryItem => ({ record: { topic: topics.events, key: robotId, value }, owed });
    yield toItem(event.body);
    if (random() < repeatShare) yield toItem(event.body);
    if (random() < poisonShare) yield { ...toItem(`poison ${count}`), owed: undefined };
  }
}
