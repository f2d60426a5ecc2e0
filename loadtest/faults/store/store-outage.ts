import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { findFreePort, startVersitygw } from '@fleetstream/local';
import { atLeast, exactly } from '../../check.ts';
import { type Random } from '../../fleet/seeded-random.ts';
import { until } from '../restore/until.ts';
import { type FaultContext, type Scenario, sumOf } from '../scenario.ts';
import { type FaultTeam } from '../stack/fault-team.ts';
import { defineStackScenario, type StackPieces } from '../stack/stack-scenario.ts';
import { type FaultHttpProxy, type HttpFault, startFaultHttpProxy } from './fault-http-proxy.ts';

const bucket = 'fleet-checkpoints';
const checkpointsWithinMs = 90_000;

interface OutageSpec {
  readonly name: string;
  readonly summary: string;
  readonly fault: (random: Random) => HttpFault;
}

/**
 * The checkpoint store fails while records come: processing goes on, a processor that dies meanwhile comes back from its
 * disk, one that has lost it waits; afterwards checkpoints go on, and the newest is as good as any.
 */
function storeOutage({ name, summary, fault }: OutageSpec): Scenario {
  const proxies = new Map<FaultContext, FaultHttpProxy>();
  return defineStackScenario({
    ...{ name, summary },
    defaults: { rounds: 20 },
    slots: [0],
    verifyEvery: 10,
    stack: async (_options, context) => {
      const store = await startStore();
      proxies.set(context, store.proxy);
      return store.pieces;
    },
    play: async ({ team, random, context }) => {
      const { stack } = team;
      const proxy = proxies.get(context);
      if (proxy === undefined) throw new AppError('FS_INTERNAL', 'The store has no proxy');
      await sleep(random() * 500);
      const faultedBefore = proxy.faulted();
      proxy.set(fault(random));
      // Processing doesn't lean on the store.
      await stack.progressed(await stack.committed());
      const death = random();
      if (death < 0.3) {
        await team.kill(0);
        await team.ensure([0]);
        await stack.progressed(await stack.committed());
      }
      // Until the store has really been asked for something.
      await until('the store is asked', () => Promise.resolve(proxy.faulted() > faultedBefore), { stop: context.stop });
      const lost = death > 0.7;
      if (lost) {
        await team.kill(0, true);
        await team.start(0);
        await sleep(1500);
      }
      proxy.set({ kind: 'none' });
      await team.ensure([0]);
      const checkpointsMs = await checkpointsAdvance(team, context);
      return {
        outages: 1,
        faultedRequests: proxy.faulted() - faultedBefore,
        killed: death < 0.3 ? 1 : 0,
        disksLost: lost ? 1 : 0,
        checkpointsMs: Math.round(checkpointsMs),
      };
    },
    check: (rounds) => [
      exactly('outages', sumOf(rounds, 'outages'), rounds.length),
      atLeast('faultedRequests', sumOf(rounds, 'faultedRequests'), rounds.length),
    ],
  });
}

async function startStore(): Promise<{ proxy: FaultHttpProxy; pieces: StackPieces }> {
  const directory = await mkdtemp(join(tmpdir(), 'fleetstream-store-'));
  const server = await startVersitygw({
    dataDir: join(directory, 'store'),
    port: await findFreePort(),
    logFile: join(directory, 'store.log'),
    buckets: [bucket],
  });
  const proxy = await startFaultHttpProxy(server.address);
  const environment = {
    PROCESSOR_CHECKPOINT_URL: `s3://${bucket}/faults?endpoint=${encodeURIComponent(proxy.address)}`,
    PROCESSOR_S3_ACCESS_KEY_ID: server.credentials.accessKeyId,
    PROCESSOR_S3_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
  };
  const end = async (): Promise<void> => {
    await proxy.stop();
    await server.kill();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  return { proxy, pieces: { environment, end } };
}

/** Every partition has a checkpoint of what was committed by now. */
async function checkpointsAdvance(team: FaultTeam, { stop }: FaultContext): Promise<number> {
  const wanted = await team.stack.committed();
  return until(
    'checkpoints go on',
    async () => {
      const partitions = await team.at(0).fetchPartitions();
      return [...wanted].every(([partition, offset]) => {
        const found = partitions.find((one) => one.partition === partition);
        return (found?.lastCheckpoint?.appliedOffset ?? 0) >= offset;
      });
    },
    { stop, timeoutMs: checkpointsWithinMs },
  );
}

export const storeDown = storeOutage({
  name: 'store-down',
  summary: 'the checkpoint store cuts every connection, before or after it did what was asked',
  fault: (random) => ({ kind: 'cut', behindServer: random() < 0.5 }),
});

export const storeSlow = storeOutage({
  name: 'store-slow',
  summary: 'the checkpoint store takes one to three seconds for every request',
  fault: (random) => ({ kind: 'delay', delayMs: 1000 + random() * 2000 }),
});

export const store503 = storeOutage({
  name: 'store-503',
  summary: 'the checkpoint store answers 503 (or 500) to every request',
  fault: (random) => ({ kind: 'status', status: random() < 0.8 ? 503 : 500 }),
});
