import { createKafkaClient, createLogSource } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';
import { createStreamEngine, defaultLimits } from '@fleetstream/stream-engine';
import { createLog } from '@fleetstream/telemetry';
import { createEnginePorts } from '../../harness/engine-ports.ts';
import { median } from '../../harness/median.ts';
import { createPeerFold, decodePeerEvent } from '../peer-workload.ts';
import { type EngineFigures, type EngineRun } from './engine-run.ts';
import { createRunMetrics } from './run-metrics.ts';

type CpuUsage = () => { readonly user: number; readonly system: number };
type Figures = Omit<EngineFigures, 'cpuSeconds' | 'peakRssMb'>;

/** The engine as the processor runs it: Kafka, RocksDB, checkpoints, timers, metrics; only the fold is the peers'. */
export async function startEngineRun(run: EngineRun, cpuUsage: CpuUsage): Promise<{ fold: () => Promise<Figures> }> {
  const log = createLog({ service: 'bench', level: 'warn' });
  const kafka = createKafkaClient({ brokers: run.brokers, clientId: 'fleetstream-bench', log });
  const source = createLogSource({ kafka, topic: run.inputTopic, log });
  const ports = createEnginePorts(run, { kafka, source, log, ownershipConfirmed: () => Promise.resolve() });
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
