import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { findFreePort } from './find-free-port.ts';
import { probeKafka } from './kafka-probe.ts';
import { startKafkaBroker } from './start-kafka-broker.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetstream-broker-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('startKafkaBroker', () => {
  it('answers when it says that it is ready, is gone after a kill, and starts again on its own data', async () => {
    const options = {
      dataDir: join(directory, 'kafka'),
      port: await findFreePort(),
      controllerPort: await findFreePort(),
      logFile: join(directory, 'kafka.log'),
      quickStart: true,
    };
    const first = await startKafkaBroker(options);
    expect(await probeKafka(options.port)).toBe(true);
    expect(await first.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await probeKafka(options.port)).toBe(false);
    const second = await startKafkaBroker(options);
    expect(await probeKafka(options.port)).toBe(true);
    expect((await second.stop()).signal).toBeNull();
  });

  it('says what the log says when the port is taken', async () => {
    const taken = Number(inject('kafkaBrokers').split(':')[1]);
    const start = startKafkaBroker({
      dataDir: join(directory, 'kafka'),
      port: await findFreePort(),
      controllerPort: taken,
      logFile: join(directory, 'kafka.log'),
      quickStart: true,
    });
    await expect(start).rejects.toThrow(/Address already in use/);
  });
});

it('the test environment provides a Redis that answers', async () => {
  const { hostname, port } = new URL(inject('redisUrl'));
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write('PING\r\n'));
    socket.once('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
  expect(answer).toBe('+PONG\r\n');
});
