// npm test: every test there is. With --with-checks, as CI runs it, the static checks first.
import { fileURLToPath } from 'node:url';
import { runSteps } from './checks/run-step.ts';
import { reportStep } from './checks/report-step.ts';
import { staticChecks } from './checks/static-checks.ts';
import { runVitest, type TestCounts } from './checks/vitest-run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const args = process.argv.slice(2);
const filters = args.filter((arg) => arg !== '--with-checks');

let brokenChecks = 0;
if (args.includes('--with-checks')) {
  const results = await runSteps(staticChecks, 2, root, reportStep);
  brokenChecks = results.filter(({ passed }) => !passed).length;
}
const runs: TestCounts[] = [];
for (const project of ['unit', 'real']) {
  process.stdout.write(`\n${project} tests\n`);
  runs.push(await runVitest(project, root, filters));
}
const sum = (key: keyof TestCounts) => runs.reduce((total, counts) => total + counts[key], 0);
const [passed, failed, skipped] = [sum('passed'), sum('failed') + brokenChecks, sum('skipped')];

if (brokenChecks > 0) process.stdout.write(`\n${brokenChecks} static checks failed; what they say is above.\n`);
if (passed + failed === 0) process.stdout.write('\nNo test ran.\n');
process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
