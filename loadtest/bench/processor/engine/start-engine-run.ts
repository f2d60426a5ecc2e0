import { setTimeout as delay } from 'node:timers/promises';
import { createKafkaClient, createLogSource, createTransactionalSink, type LogSource } from '@fleetstream/kafka';
import { AppError, type Log, systemClock } from '@fleetstream/kernel';
import { createObjectStoreFromUrl } from '@fleetstream/object-store';
import { createCheckpointStore, destroyStateDir, openRocksStateStore, stateDirExists } from '@fleetstream/state-store';
import { createStreamEngine, defaultLimits, type EnginePorts } from '@fleetstream/stream-engine';
import { createLog } from '@fleetstream/telemetry';
import { median } from '../../harness/median.ts';
import { createPeerFold, decodePeerEvent } from '../peer-workload.ts';
import { type EngineFigures, type EngineRun } from './engine-run.ts';
import { createRunMetrics } from './run-metrics.ts';

type Kafka = ReturnType<typeof createKafkaClient>;
type CpuUsage = () => { readonly user: number; readonly system: number };
type Figures = Omit<EngineFigures, 'cpuSeconds' | 'peakRssMb'>;

/** The engine as the processor runs it: Kafka, RocksDB, checkpoints, timers, metrics; only the fold is the peers'. */
export async function startEngineRun(run: EngineRun, cpuUsage: CpuUsage): Promise<{ fold: () => Promise<Figures> }> {
  const log = createLog({ service: 'bench', level: 'warn' });
  const kafka = createKafkaClient({ brokers: run.brokers, clientId: 'fleetstream-bench', log });
  const source = createLogSource({ kafka, topic: run.inputTopic, log });
  const ports = toPorts(run, { kafka, source, log });
  const metrics = createRunMetrics();
  const ends = new Map(run.partitions);
  const reached = Promise.withResolvers<undefined>();
  let begun: { readonly firstMs: number; readonly cpu: ReturnType<CpuUsage> } | undefined;
  const engine = createStreamEngine(
    {
      ...{ fold: createPeerFold(run.outputTopic), decode: decodePeerEvent, log, ports },
      prepare: () => {
        begun ??= { firstMs: Date.now(), cpu: cpuUsage() };
        return Promise.resolve();
      },
      ...{ inputTopic: run.inputTopic, deadLetterTopic: run.deadLetterTopic, stateDir: run.stateDir },
      limits: {
        ...defaultLimits,
        ...{ commitIntervalMs: run.commitIntervalMs, stateIntervalMs: run.stateIntervalMs },
        ...{ checkpointIntervalMs: run.checkpointIntervalMs },
        ...{ cacheEntries: run.cacheEntries, cacheBytes: run.cacheBytes },
      },
      allowStateLoss: false,
      observe: (event) => {
        metrics.observe(event);
        if (event.kind === 'failed') reached.reject(new AppError('FS_INTERNAL', `a partition failed: ${event.code}`));
        if (event.kind !== 'committed') return;
        if (engine.statuses().every((one) => one.committedOffset >= (ends.get(one.partition) ?? 0))) {
          reached.resolve(undefined);
        }
      },
    },
    new Map(),
  );
  await source.start();
  return {
    fold: async () => {
      engine.assign([...ends.keys()]);
      await reached.promise;
      const lastMs = Date.now();
      const cpu = cpuUsage();
      await engine.stop();
      await source.stop();
      const { firstMs, cpu: cpuBefore } = begun ?? { firstMs: lastMs, cpu };
      const steadyCpuSeconds = (cpu.user + cpu.system - cpuBefore.user - cpuBefore.system) / 1e6;
      const { commitMs, ...counted } = metrics.totals();
      return { ...counted, firstMs, lastMs, steadyCpuSeconds, commitMsP50: median(commitMs) ?? 0 };
    },
  };
}

interface PortParts {
  readonly kafka: Kafka;
  readonly source: LogSource;
  readonly log: Log;
}

function toPorts(run: EngineRun, { kafka, source, log }: PortParts): EnginePorts {
  return {
    source,
    createSink: (partition) =>
      createTransactionalSink({
        ...{ kafka, groupId: run.groupId, inputTopic: run.inputTopic, partition, log },
        transactionalId: `${run.groupId}-${partition}`,
        outputTopics: [run.outputTopic, run.deadLetterTopic],
      }),
    openStore: (options) => openRocksStateStore({ ...options, memtableBytes: memtableBytes, log }),
    files: { exists: stateDirExists, destroy: destroyStateDir },
    checkpoints: createCheckpointStore({
      ...{ objects: createObjectStoreFromUrl(run.checkpointUrl, { log }), prefix: run.inputTopic, log },
      ...{ clock: systemClock, retain: 3, graceMs: 3_600_000 },
    }),
    ticks: { tick: () => Promise.reject(new AppError('FS_INTERNAL', 'the workload has no idle partition')) },
    clock: systemClock,
    sleep: async (delayMs, signal) => {
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
    },
    ownershipConfirmed: () => Promise.resolve(),
  };
}

const memtableBytes = 16 * 1024 * 1024;
