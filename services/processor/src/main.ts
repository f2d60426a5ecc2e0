import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from './app.ts';
import { startWorker } from './adapters/start-worker.ts';
import { processorConfig } from './config.ts';
import { createWorkerProcesses } from './worker-processes.ts';

const config = loadConfig(processorConfig, process.env, { prefix: 'PROCESSOR_' });
const log = createLog({ service: 'processor', level: config.LOG_LEVEL });
// A worker whose parent is gone has nobody who would stop it.
process.once('disconnect', () => process.emit('SIGTERM'));
const { PROCESSOR_WORKERS: count } = config;
await runProcess(process, log, () =>
  count === 1
    ? createComponents(config, log).components
    : createWorkerProcesses({
        ...{ count, config, log, environment: process.env },
        ...startWorker(import.meta.filename, process.execArgv),
      }),
);
