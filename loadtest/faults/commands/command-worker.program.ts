// The real command service with traps on a command's way, see ../worker/create-trap.ts; FLEETSTREAM_PLANTED_BUG makes it
// do wrong on purpose.
import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from '../../../services/commands/src/app.ts';
import { commandsConfig } from '../../../services/commands/src/config.ts';
import { deliveryPoints } from '../../../services/commands/src/delivery-grants.ts';
import { createProcessTrap } from '../worker/create-trap.ts';
import { plantBug } from './planted-delivery-bugs.ts';

const config = loadConfig(commandsConfig, process.env, { prefix: 'COMMANDS_' });
const log = createLog({ service: 'commands', level: config.LOG_LEVEL });
const at = createProcessTrap(process, deliveryPoints);
await runProcess(
  process,
  log,
  () =>
    createComponents(config, log, {
      at,
      desk: (desk, instance) => plantBug(process.env['FLEETSTREAM_PLANTED_BUG'], desk, instance),
    }).components,
);
