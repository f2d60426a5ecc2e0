import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@fleetstream/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProcessorProcess, startProcessorProcess } from '../test/processor-process.ts';
import { expectExact, offlineAfterMs, startTelemetryStream } from '../test/telemetry-stream.ts';
import { startTestBroker, type TestBroker } from '../test/test-broker.ts';
import { until } from '../test/until.ts';

const groupId = 'kill-test';
let broker: TestBroker;
let port: number;
let processor: ProcessorProcess | undefined;

async function start(): Promise<ProcessorProcess> {
  processor = await startProcessorProcess({
    ...{ on: broker, name: 'state', port },
    environment: {
      PROCESSOR_GROUP_ID: groupId,
      PROCESSOR_STATE_INTERVAL_MS: '700',
      PROCESSOR_CHECKPOINT_INTERVAL_MS: '500',
      PROCESSOR_TICK_INTERVAL_MS: '200',
      PROCESSOR_CACHE_ENTRIES: '40',
      PROCESSOR_OFFLINE_AFTER_MS: String(offlineAfterMs),
    },
  });
  return processor;
}

const committedSum = async () =>
  [...(await broker.committed(groupId)).values()].reduce((sum, offset) => sum + offset, 0);

beforeAll(async () => {
  broker = await startTestBroker(2);
  port = await findFreePort();
});

afterAll(async () => {
  await processor?.end('SIGKILL');
  await broker.stop();
});

describe('a processor that is killed', () => {
  it('comes to the states and outputs of a plain fold, with nothing lost and nothing twice', async () => {
    const stream = await startTelemetryStream(broker, 60, 40);
    let living = await start();
    let log = '';
    await until(async () => (await committedSum()) >= 0);
    stream.resume();
    const recoveriesMs: number[] = [];
    for (let kill = 0; kill < 6; kill += 1) {
      const before = await committedSum();
      await until(async () => (await committedSum()) > before);
      await new Promise((resolve) => setTimeout(resolve, 300 + kill * 170));
      await living.end('SIGKILL');
      log += living.log();
      if (kill === 3) rmSync(join(broker.directory, 'state'), { recursive: true, force: true });
      const atKill = await committedSum();
      living = await start();
      recoveriesMs.push(await until(async () => (await committedSum()) > atKill));
    }
    await stream.stop();
    await until(() => broker.isCaughtUp(groupId));
    const served = await living.states();
    expect(await living.end('SIGTERM')).toBe(0);
    const opened = [...(log + living.log()).matchAll(/"openedFrom":"(\w+)"/g)].map(([, rung]) => rung);
    console.log({ recoveriesMs: recoveriesMs.map(Math.round), opened: opened.join(' ') });
    await expectExact(broker, groupId, served);
    expect(opened).toContain('checkpoint');
    expect(opened).toContain('local');
  }, 240_000);
});
