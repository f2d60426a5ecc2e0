import { decodeFleetRecord, type FleetEvent, topics } from '@fleetstream/contracts';
import { createLogProducer, createLogSource, type LogReader, type LogSourceOptions } from '@fleetstream/kafka';
import { type FoldOutput, silentLog } from '@fleetstream/kernel';
import { createRobotFold, defaultRobotRules, type RobotState } from '@fleetstream/robot-model';

const fold = createRobotFold(defaultRobotRules);

/** The robot model over the log, as the processor runs it but without its states, transactions and recovery. */
export async function startModelTask(
  kafka: LogSourceOptions['kafka'],
  partitions: number,
): Promise<() => Promise<void>> {
  const source = createLogSource({ kafka, topic: topics.events, log: silentLog, maxWaitMs: 20 });
  const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.commands], lingerMs: 0 });
  await source.start();
  const stopProducer = await producer.start();
  let stopping = false;

  const publish = async (outputs: readonly FoldOutput[], partition: number) => {
    const wanted = outputs.filter(({ topic }) => topic === topics.commands);
    await producer.append(wanted.map(({ topic, key, value }) => ({ topic, key, value: value ?? '', partition })));
  };
  const run = async (partition: number, reader: LogReader) => {
    const states = new Map<string, RobotState>();
    const fireDue = async (nowMs: number) => {
      for (const [key, state] of states) {
        const dueMs = fold.dueAt(state);
        if (dueMs === undefined || dueMs > nowMs) continue;
        const next = fold.onTimer(state, key, dueMs);
        states.set(key, next.state);
        await publish(next.outputs, partition);
      }
    };
    while (!stopping) {
      const batch = await reader.next(50);
      for (const record of batch?.records ?? []) {
        await fireDue(record.timestampMs);
        const key = String(record.key);
        const decoded = decodeFleetRecord({ value: record.value, key, contentType: record.contentType });
        if (decoded.kind !== 'input') continue;
        const at = { partition, offset: record.offset, nowMs: record.timestampMs };
        const next = fold.step(states.get(key) ?? fold.initial(key), decoded.input satisfies FleetEvent, at);
        states.set(key, next.state);
        await publish(next.outputs, partition);
      }
      // Broker and test share a clock, so an idle partition needs no ticks here.
      if (batch === undefined) await fireDue(Date.now());
    }
  };

  const running = Array.from({ length: partitions }, (_, partition) => run(partition, source.read(partition, 0)));
  return async () => {
    stopping = true;
    await source.stop();
    await Promise.all(running);
    await stopProducer();
  };
}
