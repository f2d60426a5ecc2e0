// npm run verify: everything that can be checked without a broker.
import { fileURLToPath } from 'node:url';
import { reportStep } from './checks/report-step.ts';
import { type CheckStep, runSteps } from './checks/run-step.ts';
import { staticChecks } from './checks/static-checks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const unitTests: CheckStep = {
  name: 'unit and tidy tests',
  command: 'node_modules/.bin/vitest',
  args: ['run', '--project', 'unit', '--reporter=dot'],
};

const startedMs = performance.now();
const results = await runSteps([...staticChecks.slice(0, 1), unitTests, ...staticChecks.slice(1)], 2, root, reportStep);
const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
process.stdout.write(
  failed.length === 0 ? `\nAll is well, in ${seconds} s.\n` : `\nFailed: ${failed.join(', ')}. ${seconds} s.\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
