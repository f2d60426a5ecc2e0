import { findFreePort } from '@fleetstream/local';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getJson, type ProcessorProcess, startProcessorProcess } from '../test/processor-process.ts';
import { expectExact, offlineAfterMs, startTelemetryStream, type TelemetryStream } from '../test/telemetry-stream.ts';
import { startTestBroker, type TestBroker } from '../test/test-broker.ts';
import { until as untilYes } from '../test/until.ts';

const partitions = 6;
const groupId = 'ownership-test';
let broker: TestBroker;
let stream: TelemetryStream;

interface View {
  readonly partition: number;
  readonly owner: string;
  readonly phase: string;
}

const running = new Set<ProcessorProcess>();

async function start(name: string, more: Record<string, string> = {}, port?: number): Promise<ProcessorProcess> {
  const processor = await startProcessorProcess({
    ...{ on: broker, name, ...(port === undefined ? {} : { port }) },
    environment: {
      PROCESSOR_GROUP_ID: groupId,
      PROCESSOR_CHECKPOINT_INTERVAL_MS: '1000',
      // Long, so that whatever happens sooner does not come of it.
      PROCESSOR_SESSION_TIMEOUT_MS: '60000',
      PROCESSOR_STANDBY_REPLICAS: '1',
      // Low, so that partitions move by copies and not by refolding the little that a test writes.
      PROCESSOR_WARM_RECORDS: '200',
      PROCESSOR_OFFLINE_AFTER_MS: String(offlineAfterMs),
      ...more,
    },
  });
  running.add(processor);
  return processor;
}

async function end(processor: ProcessorProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  running.delete(processor);
  const code = await processor.end(signal);
  for (const line of processor.log().split('\n'))
    if (/"level":(50|60|"error")/.test(line)) console.log(processor.name, line);
  return code;
}

/** Whoever is asked may not be there yet, or not any more. */
const until = (what: string, check: () => Promise<boolean>) => untilYes(() => check().catch(() => false), 60_000, what);
const committed = () => broker.committed(groupId);

/** Every partition runs, each here has `shares` of them in any order, and each answers the same. */
async function isSharedOut(shares: readonly number[]): Promise<boolean> {
  for (const asked of running) {
    const { partitions: views } = (await asked.getJson('/v1/partitions')) as { partitions: View[] };
    if (views.length !== partitions || views.some(({ phase }) => phase !== 'running')) return false;
    const counts = [...running].map(({ url }) => views.filter(({ owner }) => owner === url).length);
    if (counts.sort().join() !== [...shares].sort().join()) return false;
  }
  return true;
}

/** As many copies as there are partitions, all close to their owners, and the group has had time to learn of it. */
async function copiesAreWarm(): Promise<void> {
  const warmRecords = 200;
  await until('warm copies', async () => {
    const texts = await Promise.all([...running].map(async ({ url }) => await (await fetch(`${url}/metrics`)).text()));
    const lags = [...texts.join('\n').matchAll(/^fleetstream_processor_standby_lag_records{.*} (\d+)$/gm)];
    return lags.length === partitions && lags.every(([, lag]) => Number(lag) < warmRecords);
  });
  await new Promise((resolve) => setTimeout(resolve, 1500));
}

/** The longest that a partition went without a commit while `work` ran. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  const watching = { on: true };
  const lastMs = new Map<number, { offset: number; atMs: number }>();
  let longestMs = 0;
  const watch = (async () => {
    while (watching.on) {
      for (const [partition, offset] of await committed()) {
        const last = lastMs.get(partition);
        if (last !== undefined && last.offset !== offset)
          longestMs = Math.max(longestMs, performance.now() - last.atMs);
        if (last?.offset !== offset) lastMs.set(partition, { offset, atMs: performance.now() });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await work();
  watching.on = false;
  await watch;
  return Math.round(longestMs);
}

/** Ends everybody first: idle robots go offline, and what follows from that would be written while it is compared. */
async function verify(from: ProcessorProcess): Promise<void> {
  await until('the end of the log', () => broker.isCaughtUp(groupId));
  const served = await from.states();
  for (const processor of [...running]) expect(await end(processor, 'SIGTERM')).toBe(0);
  await expectExact(broker, groupId, served);
}

// A broker for each: members that stopped to come back stay in their group, and their sessions are long.
beforeEach(async () => {
  broker = await startTestBroker(partitions);
  stream = await startTelemetryStream(broker, 120, 30);
});

afterEach(async () => {
  for (const processor of [...running]) await end(processor, 'SIGKILL');
  await stream.stop();
  await broker.stop();
});

describe('processors that share the partitions', () => {
  it('take over from copies when one is killed, give restarted ones their own back, and rescale, all of it exact', async () => {
    stream.resume();
    const first = await start('first');
    await until('all at the first', () => isSharedOut([6]));
    await until('more to fold than is moved without a copy', async () =>
      [...(await committed()).values()].every((offset) => offset > 1000),
    );
    const figures: Record<string, number> = {};
    const second = await start('second');
    figures['1 to 2'] = await longestPause(() => until('two shares', () => isSharedOut([3, 3])));
    await copiesAreWarm();
    figures['kill with copies'] = await longestPause(async () => {
      const before = await committed();
      await end(second, 'SIGKILL');
      await until('everything goes on at the first', async () => {
        const now = await committed();
        return (await isSharedOut([6])) && [...before].every(([one, offset]) => (now.get(one) ?? 0) > offset);
      });
    });
    expect(await first.metric('partitions_opened_total{from="standby"}')).toBeGreaterThanOrEqual(3);
    const third = await start('second');
    await until('two shares again', () => isSharedOut([3, 3]));
    const fourth = await start('third');
    figures['2 to 3'] = await longestPause(() => until('three shares', () => isSharedOut([2, 2, 2])));
    await copiesAreWarm();
    figures['3 to 2'] = await longestPause(async () => {
      expect(await end(fourth, 'SIGTERM')).toBe(0);
      await until('two shares', () => isSharedOut([3, 3]));
    });
    await copiesAreWarm();
    figures['2 to 1'] = await longestPause(async () => {
      expect(await end(first, 'SIGTERM')).toBe(0);
      await until('one', () => isSharedOut([6]));
    });
    await stream.pause();
    await verify(third);
    console.log({ longestPauseMs: figures });
  }, 240_000);

  it('without copies wait for a killed one that comes back, and nobody else has its partitions meanwhile', async () => {
    const settings = { PROCESSOR_STANDBY_REPLICAS: '0', PROCESSOR_RESTART_GRACE_MS: '60000' };
    stream.resume();
    const stays = await start('stays', settings);
    await until('all', () => isSharedOut([6]));
    const killed = await start('killed', settings);
    await until('two shares', () => isSharedOut([3, 3]));
    const assignments = await stays.metric('partitions_moved_total{direction="gained"}');
    const pauseMs = await longestPause(async () => {
      await end(killed, 'SIGKILL');
      await start('killed', settings);
      await until('two shares again', () => isSharedOut([3, 3]));
    });
    expect(await stays.metric('partitions_moved_total{direction="gained"}')).toBe(assignments);
    await stream.pause();
    await verify(stays);
    console.log({ longestPauseMs: { 'kill and restart': pauseMs } });
  }, 180_000);

  it('may be several processes of one machine, each an owner, stopped together', async () => {
    const port = await findFreePort();
    const urls = [port, port + 1].map((one) => `http://127.0.0.1:${one}`);
    const parent = await start('workers', { PROCESSOR_WORKERS: '2' }, port);
    const owners = async (url: string) => {
      const { partitions: views } = (await getJson(url, '/v1/partitions')) as { partitions: View[] };
      return views.length === partitions ? [...new Set(views.map(({ owner }) => owner))].sort() : [];
    };
    for (const url of urls) await until('two owners', async () => (await owners(url)).join() === urls.join());
    expect(await end(parent, 'SIGTERM')).toBe(0);
    for (const url of urls) await expect(fetch(url)).rejects.toThrow();
  }, 120_000);
});
