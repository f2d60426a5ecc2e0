import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from './app.ts';
import { processorConfig } from './config.ts';

const config = loadConfig(processorConfig, process.env, { prefix: 'PROCESSOR_' });
const log = createLog({ service: 'processor', level: config.LOG_LEVEL });
await runProcess(process, log, () => createComponents(config, log).components);
