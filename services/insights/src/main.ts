import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from './app.ts';
import { insightsConfig } from './config.ts';

const config = loadConfig(insightsConfig, process.env, { prefix: 'INSIGHTS_' });
const log = createLog({ service: 'insights', level: config.LOG_LEVEL });
await runProcess(process, log, () => createComponents(config, log).components);
