import { topics } from '@fleetstream/contracts';
import { createLogProducer } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { createRobotFold, defaultRobotRules } from '@fleetstream/robot-model';
import { type ServedStates, verifyRun } from '@fleetstream/testing';
import { expect } from 'vitest';
import { type TestBroker } from './test-broker.ts';

/** Short, so that robots go offline and come back while a test runs. Processors have to be told. */
export const offlineAfterMs = 700;

export interface TelemetryStream {
  /** Appends until told to pause. */
  resume(): void;
  /** Resolves when everything that was begun is acknowledged. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

/** Telemetry of `robots` robots, every 50th record of it poison. */
export async function startTelemetryStream(on: TestBroker, robots: number, perTurn: number): Promise<TelemetryStream> {
  const producer = createLogProducer({
    ...{ kafka: on.client(), log: silentLog, topics: [topics.events] },
    ...{ lingerMs: 2, timeoutMs: 10_000 },
  });
  const stopProducer = await producer.start();
  let sending = false;
  let count = 0;
  let work: Promise<void> | undefined;
  const run = async () => {
    while (sending) {
      await producer.append(Array.from({ length: perTurn }, () => toRecord(count++, robots)));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const pause = async () => {
    sending = false;
    await work;
  };
  return {
    resume: () => {
      sending = true;
      work = run();
    },
    pause,
    stop: async () => {
      await pause();
      await stopProducer();
    },
  };
}

function toRecord(index: number, robots: number): { topic: string; key: string; value: string } {
  const key = `robot-${(index * 7) % robots}`;
  const data = { metrics: { speed: { value: index % 9 } } };
  const event = { specversion: '1.0', id: String(index), source: `/robots/${key}`, type: 'robot.telemetry.v1', data };
  return { topic: topics.events, key, value: index % 50 === 0 ? `poison ${index}` : JSON.stringify(event) };
}

/** No robot was told anything here. */
const noJournal: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

/** Asks the oracle. Every processor has ended: idle robots go offline, and what follows would be written meanwhile. */
export async function expectExact(on: TestBroker, groupId: string, served: ServedStates): Promise<void> {
  const figures = await verifyRun({
    brokers: [on.address],
    groupId,
    fold: createRobotFold({ ...defaultRobotRules, offlineAfterMs }),
    countFolded: () => 0,
    served,
    journal: noJournal,
    log: silentLog,
  });
  expect(figures).toMatchObject({ stateMismatches: 0, outputMismatches: 0 });
  expect(figures.outputs).toBeGreaterThan(100);
  expect(figures.deadLetters).toBeGreaterThan(10);
}
