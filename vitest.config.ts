import { defineConfig } from 'vitest/config';

const everywhere = '{libs,services,deploy,loadtest}/**';

// kafkajs computes timeouts that are already over; Node warns of each one.
const execArgv = ['--disable-warning=TimeoutNegativeWarning'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${everywhere}/*.test.ts`],
          exclude: ['**/node_modules/**', '**/*.real.test.ts'],
          pool: 'forks',
          execArgv,
          // Property tests share two cores with whatever else runs.
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'real',
          include: [`${everywhere}/*.real.test.ts`],
          exclude: ['**/node_modules/**'],
          globalSetup: ['deploy/local/src/test-environment.ts'],
          pool: 'forks',
          execArgv,
          // One file at a time: they share one broker and two cores.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
