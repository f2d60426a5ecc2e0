import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exactly, renderCheck } from '../check.ts';
import { startPodStack } from '../faults/trust/pod-stack.ts';
import { readArguments } from '../read-arguments.ts';
import { findSchemathesis, runSchemathesis } from './run-schemathesis.ts';
import { startSigningProxy } from './signing-proxy.ts';

const help = `npm run fuzz:openapi -- [flags]   Schemathesis over a real pod's /openapi.json, every request signed

  --max-examples N   per operation and phase (200)
  --seed S           (1)
  --help             this text

Exit codes: 0 nothing was found, 1 something was, 2 the command or the machine isn't fit.
`;

const flags = { 'max-examples': { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } } as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2), flags);
  if (typeof read === 'string') {
    process.stderr.write(`${read}\n`);
    return 2;
  }
  if (read.values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const maxExamples = Number(read.values['max-examples'] ?? 200);
  const seed = Number(read.values.seed ?? 1);
  const dir = findSchemathesis(process.env);
  if (dir === undefined || !Number.isInteger(maxExamples) || maxExamples < 1 || !Number.isInteger(seed)) {
    process.stderr.write(dir === undefined ? 'Run "npm run setup -- --for openapi" first.\n' : help);
    return 2;
  }
  const context = {
    root: dirname(fileURLToPath(new URL('..', import.meta.url))),
    nodeFile: process.execPath,
    environment: process.env,
    say: () => undefined,
    stop: new AbortController().signal,
  };
  const stack = await startPodStack({ name: 'openapi', context, pods: 1, gateway: false });
  try {
    const proxy = await startSigningProxy(stack.podUrls[0] ?? '', stack.masterKey);
    const found = await runSchemathesis(dir, { url: proxy.url, maxExamples, seed, environment: process.env });
    await proxy.close();
    process.stdout.write(`${found.text}\n`);
    const checks = [exactly('exitCode', found.exitCode ?? -1, 0), exactly('podsCrashed', stack.alive() ? 0 : 1, 0)];
    for (const check of checks) process.stdout.write(`${renderCheck(check)}\n`);
    process.stdout.write(`${JSON.stringify({ maxExamples, seed, checks })}\n`);
    return checks.every(({ pass }) => pass) ? 0 : 1;
  } finally {
    await stack.end();
  }
}
