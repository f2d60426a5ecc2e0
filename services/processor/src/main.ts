import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { boundHeapGrowth, keepRecordsYoung } from '@fleetstream/stream-engine';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from './app.ts';
import { readMemoryLimits } from './adapters/memory-limits.ts';
import { startWorker } from './adapters/start-worker.ts';
import { processorConfig } from './config.ts';
import { toMemoryBytes } from './domain/memory-plan.ts';
import { createWorkerProcesses } from './worker-processes.ts';

keepRecordsYoung();
boundHeapGrowth();
const config = loadConfig(processorConfig, process.env, { prefix: 'PROCESSOR_' });
const log = createLog({ service: 'processor', level: config.LOG_LEVEL });
// A worker whose parent is gone has nobody who would stop it.
process.once('disconnect', () => process.emit('SIGTERM'));
const { PROCESSOR_WORKERS: count } = config;
const memoryBytes = toMemoryBytes((await readMemoryLimits()).limitBytes, config.PROCESSOR_MEMORY_BYTES);
await runProcess(process, log, () =>
  count === 1
    ? createComponents(config, log).components
    : createWorkerProcesses({
        ...{ count, config, log, memoryBytes, environment: process.env },
        ...startWorker(import.meta.filename, process.execArgv),
      }),
);
