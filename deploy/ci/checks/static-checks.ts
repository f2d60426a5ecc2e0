import { type CheckStep } from './run-step.ts';

const npx = (name: string, command: string, ...args: string[]): CheckStep => ({
  name,
  command: `node_modules/.bin/${command}`,
  args,
});

/** What can be said of the code without running it; the slowest first, so that two lanes end together. */
export const staticChecks: readonly CheckStep[] = [
  // Without its cache: that goes by a file's own content, and these rules look at the types that it imports.
  npx('eslint', 'eslint', '.', '--max-warnings', '0'),
  npx('tsc', 'tsc', '--project', '.'),
  npx('prettier', 'prettier', '--check', '--cache', '--log-level', 'warn', '.'),
  npx(
    'dependency-cruiser',
    'depcruise',
    '--config',
    '.dependency-cruiser.cjs',
    'libs',
    'services',
    'deploy',
    'loadtest',
  ),
  npx('knip', 'knip'),
  // Plain knip takes every export of an index.ts for used.
  npx('knip, index files', 'knip', '--include-entry-exports', '--exclude', 'types'),
];
