import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type FaultContext } from '../faults/scenario.ts';
import { startPodStack } from '../faults/trust/pod-stack.ts';
import { startCommandsStack } from './commands-stack.ts';
import { findSchemathesis, runSchemathesis } from './run-schemathesis.ts';
import { startSigningProxy } from './signing-proxy.ts';

const dir = findSchemathesis(process.env);
if (dir === undefined) console.warn('skipped: Schemathesis is not there ("npm run setup -- --for openapi")');

const context: FaultContext = {
  root: dirname(fileURLToPath(new URL('..', import.meta.url))),
  nodeFile: process.execPath,
  environment: process.env,
  say: () => undefined,
  stop: new AbortController().signal,
};

it.skipIf(dir === undefined)(
  'Schemathesis finds nothing in what a pod says of itself',
  async () => {
    const stack = await startPodStack({ name: 'openapi', context, pods: 1, gateway: false });
    try {
      const proxy = await startSigningProxy(stack.podUrls[0] ?? '', stack.masterKey);
      const options = { url: proxy.url, maxExamples: 5, seed: 1, environment: process.env };
      const found = await runSchemathesis(dir ?? '', options);
      await proxy.close();
      expect(found.exitCode, found.text).toBe(0);
    } finally {
      await stack.end();
    }
  },
  300_000,
);

it.skipIf(dir === undefined)(
  'Schemathesis finds nothing in what the command service says of itself',
  async () => {
    const stack = await startCommandsStack(context);
    try {
      const proxy = await startSigningProxy(stack.url, stack.masterKey, stack.token);
      const found = await runSchemathesis(dir ?? '', {
        ...{ url: proxy.url, maxExamples: 5, seed: 1, environment: process.env },
        exclude: ['followCommands'],
      });
      await proxy.close();
      expect(found.exitCode, found.text).toBe(0);
    } finally {
      await stack.end();
    }
  },
  600_000,
);
