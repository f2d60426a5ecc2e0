// The real webhook pod with traps around its appends to the log; see ../worker/create-trap.ts.
import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from '../../../services/webhook/src/app.ts';
import { webhookConfig } from '../../../services/webhook/src/config.ts';
import { createProcessTrap } from '../worker/create-trap.ts';
import { over } from '../worker/over.ts';
import { webhookPoints } from './command-points.ts';

const config = loadConfig(webhookConfig, process.env, { prefix: 'WEBHOOK_' });
const log = createLog({ service: 'webhook', level: config.LOG_LEVEL });
const trap = createProcessTrap(process, webhookPoints);
await runProcess(
  process,
  log,
  () =>
    createComponents(config, log, undefined, {
      logProducer: (made) =>
        over(made, {
          append: async (records) => {
            trap('appending');
            const appending = made.append(records);
            // It lingers for two milliseconds; then the request is on its way.
            setTimeout(trap, 3, 'append-under-way');
            const positions = await appending;
            trap('appended');
            return positions;
          },
        }),
    }).components,
);
