import { decodeFleetRecord, type FleetEvent, topics } from '@fleetstream/contracts';
import { createLogProducer, createLogSource, type LogReader, type LogSourceOptions } from '@fleetstream/kafka';
import { type FoldOutput, silentLog } from '@fleetstream/kernel';
import { createRobotFold, defaultRobotRules, type RobotState } from '@fleetstream/robot-model';

/** What the service reads of the model's outputs. */
const published: ReadonlySet<string> = new Set([topics.commands, topics.alerts, topics.states]);
const fold = createRobotFold(defaultRobotRules);

/** The robot model over the log, as the processor runs it but without its states, transactions and recovery. */
export async function startModelTask(
  kafka: LogSourceOptions['kafka'],
  partitions: number,
): Promise<() => Promise<void>> {
  const source = createLogSource({ kafka, topic: topics.events, log: silentLog, maxWaitMs: 20 });
  const producer = createLogProducer({ kafka, log: silentLog, topics: [...published], lingerMs: 0 });
  await source.start();
  const stopProducer = await producer.start();
  let stopping = false;

  const publish = async (outputs: readonly FoldOutput[], partition: number) => {
    const wanted = outputs.filter(({ topic, value }) => published.has(topic) && value !== null);
    await producer.append(wanted.map(({ topic, key, value }) => ({ topic, key, value: value ?? '', partition })));
  };
  const run = async (partition: number, reader: LogReader) => {
    const states = new Map<string, RobotState>();
    // Not later than the first timer: thousands of robots are not asked for theirs at every record.
    let nextDueMs = Infinity;
    let outputs: FoldOutput[] = [];
    const keep = (key: string, next: { readonly state: RobotState; readonly outputs: readonly FoldOutput[] }) => {
      states.set(key, next.state);
      nextDueMs = Math.min(nextDueMs, fold.dueAt(next.state) ?? Infinity);
      outputs.push(...next.outputs);
    };
    const fireDue = (nowMs: number) => {
      if (nowMs < nextDueMs) return;
      nextDueMs = Infinity;
      for (const [key, state] of states) {
        const dueMs = fold.dueAt(state);
        if (dueMs !== undefined && dueMs <= nowMs) keep(key, fold.onTimer(state, key, dueMs));
        else nextDueMs = Math.min(nextDueMs, dueMs ?? Infinity);
      }
    };
    while (!stopping) {
      const batch = await reader.next(50);
      for (const record of batch?.records ?? []) {
        fireDue(record.timestampMs);
        const key = String(record.key);
        const decoded = decodeFleetRecord({ value: record.value, key, contentType: record.contentType });
        if (decoded.kind !== 'input') continue;
        const at = { partition, offset: record.offset, nowMs: record.timestampMs };
        keep(key, fold.step(states.get(key) ?? fold.initial(key), decoded.input satisfies FleetEvent, at));
      }
      // Broker and test share a clock, so an idle partition needs no ticks here.
      if (batch === undefined) fireDue(Date.now());
      const told = outputs;
      outputs = [];
      if (told.length > 0) await publish(told, partition);
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
