import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from './app.ts';
import { commandsConfig } from './config.ts';

const config = loadConfig(commandsConfig, process.env, { prefix: 'COMMANDS_' });
const log = createLog({ service: 'commands', level: config.LOG_LEVEL });
await runProcess(process, log, () => createComponents(config, log).components);
