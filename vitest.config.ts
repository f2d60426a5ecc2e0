import { defineConfig } from 'vitest/config';

const everywhere = '{libs,services,deploy,loadtest}/**';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [`${everywhere}/*.test.ts`],
          exclude: ['**/node_modules/**', '**/*.real.test.ts'],
          pool: 'forks',
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
          // One file at a time: they share one broker and two cores.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
