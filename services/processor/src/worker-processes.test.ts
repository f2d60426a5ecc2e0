import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { createWorkerProcesses, toWorkerEnvironment, type WorkerProcess } from './worker-processes.ts';

const base = {
  ...{ count: 2, memoryBytes: 1024 * 1024 * 1024 },
  environment: { KAFKA_BROKERS: 'a:1', PROCESSOR_WORKERS: '2', PROCESSOR_HTTP_PORT: '8080' },
  sleep: () => Promise.resolve(),
  log: silentLog,
};
const config = { PROCESSOR_HTTP_PORT: 8080, PROCESSOR_STATE_DIR: '/state' };
const start = () => ({ exited: Promise.resolve(''), stop: () => undefined });

describe('the environment of a worker', () => {
  it.each([
    { name: 'its own port and folder', given: config, told: { PROCESSOR_HTTP_PORT: '8081' } },
    {
      name: 'any port',
      given: { ...config, PROCESSOR_HTTP_PORT: 0 },
      told: { PROCESSOR_HTTP_PORT: '0' },
    },
    {
      name: 'its own address and identity',
      given: { ...config, PROCESSOR_ADVERTISED_URL: 'http://pod:8080', PROCESSOR_INSTANCE_ID: 'pod' },
      told: { PROCESSOR_ADVERTISED_URL: 'http://pod:8081', PROCESSOR_INSTANCE_ID: 'pod-1' },
    },
    {
      name: 'an address behind another port',
      given: { ...config, PROCESSOR_ADVERTISED_URL: 'http://pod:30000' },
      told: { PROCESSOR_ADVERTISED_URL: 'http://pod:30001' },
    },
  ])('has $name', ({ given, told }) => {
    expect(toWorkerEnvironment({ ...base, config: given, start }, 1)).toMatchObject({
      KAFKA_BROKERS: 'a:1',
      PROCESSOR_WORKERS: '1',
      PROCESSOR_MEMORY_BYTES: String(512 * 1024 * 1024),
      PROCESSOR_STATE_DIR: '/state/worker-1',
      ...told,
    });
  });
});

describe('worker processes', () => {
  it('are started again when they die, and not when they were told to stop', async () => {
    const started: { worker: string | undefined; die: () => void }[] = [];
    const waiting: (() => void)[] = [];
    const workers = createWorkerProcesses({
      ...{ ...base, config },
      start: (environment): WorkerProcess => {
        let die: () => void = () => undefined;
        const exited = new Promise<string>((resolve) => {
          die = () => {
            resolve('signal SIGKILL');
          };
        });
        started.push({ worker: environment['PROCESSOR_STATE_DIR'], die });
        for (const wake of waiting.splice(0)) wake();
        return { exited, stop: die };
      },
    });
    const stops = await Promise.all(workers.map((worker) => worker.start()));
    expect(started.map(({ worker }) => worker)).toEqual(['/state/worker-0', '/state/worker-1']);
    const again = new Promise<void>((resolve) => waiting.push(resolve));
    started[1]?.die();
    await again;
    expect(started.map(({ worker }) => worker).at(-1)).toBe('/state/worker-1');
    for (const stop of stops) await stop();
    expect(started).toHaveLength(3);
  });
});
