// The real processor with traps in it: FLEETSTREAM_FAULT_POINT=point:N ends it with SIGKILL at the Nth time there.
import { loadConfig } from '@fleetstream/config';
import { runProcess } from '@fleetstream/runtime';
import { boundHeapGrowth, keepRecordsYoung } from '@fleetstream/stream-engine';
import { createLog } from '@fleetstream/telemetry';
import { createComponents } from '../../../services/processor/src/app.ts';
import { processorConfig } from '../../../services/processor/src/config.ts';
import { createProcessTrap } from './create-trap.ts';
import { faultPoints } from './fault-points.ts';
import { trapFiles } from './trapped-files.ts';
import { trapObjects } from './trapped-objects.ts';
import { trapPorts } from './trapped-ports.ts';

// As the processor's own main file has it.
keepRecordsYoung();
boundHeapGrowth();
const config = loadConfig(processorConfig, process.env, { prefix: 'PROCESSOR_' });
const log = createLog({ service: 'processor', level: config.LOG_LEVEL });
const trap = createProcessTrap(process, faultPoints);
trapFiles(trap);
await runProcess(
  process,
  log,
  () =>
    createComponents(config, log, {
      ports: (ports) => trapPorts(ports, trap),
      objects: (objects) => trapObjects(objects, trap),
      onAssigned: () => {
        trap('rebalance');
      },
      // So often that it happens within a round; longer than an upload here takes.
      garbage: { everyMs: 1000, graceMs: 5000 },
    }).components,
);
