import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestProject } from 'vitest/node';
import { findFreePort } from './find-free-port.ts';
import { startKafkaBroker } from './start-kafka-broker.ts';
import { startRedis } from './start-redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of the one broker of this test run. */
    kafkaBrokers: string;
    redisUrl: string;
  }
}

/**
 * Vitest's global set-up of the `real` project: one broker and one Redis for all files, on ports of their own.
 *
 * @public
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-test-'));
  const [port, controllerPort, redisPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const started = await Promise.allSettled([
    startKafkaBroker({
      dataDir: join(directory, 'kafka'),
      port,
      controllerPort,
      logFile: join(directory, 'kafka.log'),
      quickStart: true,
    }),
    startRedis({ dataDir: join(directory, 'redis'), port: redisPort, logFile: join(directory, 'redis.log') }),
  ]);
  const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async () => {
    // Nothing of it is kept, so nothing needs an orderly end.
    await Promise.all(running.map((part) => part.kill()));
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const [kafka, redis] = started;
  if (kafka.status === 'rejected' || redis.status === 'rejected') {
    await stop();
    throw kafka.status === 'rejected' ? kafka.reason : (redis as PromiseRejectedResult).reason;
  }
  project.provide('kafkaBrokers', kafka.value.address);
  project.provide('redisUrl', redis.value.address);
  return stop;
}
