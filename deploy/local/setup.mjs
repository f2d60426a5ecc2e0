// Installs what a start, a test or a verification needs. It runs before node_modules exists, on whatever Node is there
// (18 or later), so it is plain JavaScript and imports nothing but Node.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { envoyStep } from './setup/envoy.mjs';
import { kafkaJarsStep, kafkaWarmStep } from './setup/kafka.mjs';
import { npmPackagesStep } from './setup/npm-packages.mjs';
import { toolPlaces } from './setup/places.mjs';
import { runSteps } from './setup/run-steps.mjs';
import { withSetupLock } from './setup/setup-lock.mjs';
import { systemPackagesStep } from './setup/system-packages.mjs';

const purposes = ['start', 'test', 'verify'];

const flag = process.argv.indexOf('--for');
const purpose = flag === -1 ? 'start' : process.argv[flag + 1];
if (!purposes.includes(purpose)) {
  console.error(`setup: --for takes one of ${purposes.join(', ')}`);
  process.exit(2);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const places = toolPlaces(process.env);
const context = { root, places, logsDir: join(places.cacheDir, 'logs') };
const steps = [
  npmPackagesStep(context),
  ...(purpose === 'verify'
    ? []
    : [systemPackagesStep(context), kafkaJarsStep(context), envoyStep(context), kafkaWarmStep(context)]),
];

const open = [];
for (const step of steps) if (!(await step.isDone())) open.push(step);
if (open.length > 0) {
  const say = (text) => process.stderr.write(`${text}\n`);
  const onWait = (pid) => say(`Another set-up (process ${pid}) is running; waiting for it.`);
  process.exitCode = await withSetupLock(places.cacheDir, onWait, () => runSteps(open, process.stderr));
}
