import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from './app.ts';
import { webhookConfig } from './config.ts';

const config = loadConfig(webhookConfig, process.env, { prefix: 'WEBHOOK_' });
const log = createLog({ service: 'webhook', level: config.LOG_LEVEL });
await runProcess(process, log, () => createComponents(config, log).components);
