// The real command service with traps in it: FLEETSTREAM_FAULT_POINT=point:N ends it with SIGKILL at the Nth time there,
// FLEETSTREAM_PLANTED_BUG makes it do wrong on purpose.
import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from '../../../services/commands/src/app.ts';
import { commandsConfig } from '../../../services/commands/src/config.ts';
import { plantBug } from './planted-delivery-bugs.ts';

const config = loadConfig(commandsConfig, process.env, { prefix: 'COMMANDS_' });
const log = createLog({ service: 'commands', level: config.LOG_LEVEL });
const [armed, nth = '1'] = (process.env['FLEETSTREAM_FAULT_POINT'] ?? '').split(':');
let left = Number(nth);
await runProcess(
  process,
  log,
  () =>
    createComponents(config, log, {
      at: (point) => {
        if (point !== armed) return;
        left -= 1;
        if (left === 0) process.kill(process.pid, 'SIGKILL');
      },
      desk: (desk, instance) => plantBug(process.env['FLEETSTREAM_PLANTED_BUG'], desk, instance),
    }).components,
);
