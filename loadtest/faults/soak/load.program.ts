// Telemetry of many robots at the rate that its parent says, in turn; says at the end how many events it appended.
import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { PacedLoop } from '../stack/paced-loop.ts';
import { type LoadAnswer, type LoadOrder, toLoadEvent, toLoadRobotId } from './soak-load.ts';

const [brokers = '', robots = '1'] = process.argv.slice(2);
const robotCount = Number(robots);
const kafka = createKafkaClient({ brokers: [brokers], clientId: 'soak-load', log: silentLog });
const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events], timeoutMs: 10_000 });
const stopProducer = await producer.start();
let appended = 0;
let loop: PacedLoop | undefined;

async function append(count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, place) => {
    const turn = appended + place;
    const robotId = toLoadRobotId(turn % robotCount);
    return { topic: topics.events, key: robotId, value: toLoadEvent(robotId, Math.floor(turn / robotCount)) };
  });
  for (;;) {
    try {
      await producer.append(records);
      appended += count;
      return;
    } catch {
      // Any part of it may be in the log: the fold drops what it has.
      await sleep(100);
    }
  }
}

// One order after the other: two at once would leave two loops behind.
let obeyed = Promise.resolve();
process.on('message', (order: LoadOrder) => {
  obeyed = obeyed.then(() => obey(order));
});
process.send?.('ready');

async function obey(order: LoadOrder): Promise<void> {
  await loop?.pause();
  if (order.kind === 'rate') {
    loop = new PacedLoop(order.perSecond, append);
    loop.resume();
    return;
  }
  await stopProducer();
  const answer: LoadAnswer = { appended };
  process.send?.(answer, () => {
    process.disconnect();
  });
}
