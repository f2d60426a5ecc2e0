import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exactly, renderCheck } from '../check.ts';
import { type FaultContext } from '../faults/scenario.ts';
import { startPodStack } from '../faults/trust/pod-stack.ts';
import { readArguments } from '../read-arguments.ts';
import { type CommandsStack, startCommandsStack } from './commands-stack.ts';
import { findSchemathesis, runSchemathesis } from './run-schemathesis.ts';
import { startSigningProxy } from './signing-proxy.ts';

const help = `npm run fuzz:openapi -- [flags]   Schemathesis over a service's /openapi.json, every request signed

  --service NAME     webhook or commands (webhook)
  --max-examples N   per operation and phase (200)
  --seed S           (1)
  --help             this text

Exit codes: 0 nothing was found, 1 something was, 2 the command or the machine isn't fit.
`;

const flags = {
  service: { type: 'string' },
  'max-examples': { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean' },
} as const;

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
  const service = read.values.service ?? 'webhook';
  const dir = findSchemathesis(process.env);
  const isFit = ['webhook', 'commands'].includes(service);
  if (dir === undefined || !isFit || !Number.isInteger(maxExamples) || maxExamples < 1 || !Number.isInteger(seed)) {
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
  const stack = service === 'commands' ? await startCommandsStack(context) : await startWebhookStack(context);
  try {
    const proxy = await startSigningProxy(stack.url, stack.masterKey, stack.token);
    const options = { url: proxy.url, maxExamples, seed, exclude: ['followCommands'], environment: process.env };
    const found = await runSchemathesis(dir, options);
    await proxy.close();
    process.stdout.write(`${found.text}\n`);
    const checks = [exactly('exitCode', found.exitCode ?? -1, 0), exactly('crashed', stack.alive() ? 0 : 1, 0)];
    for (const check of checks) process.stdout.write(`${renderCheck(check)}\n`);
    process.stdout.write(`${JSON.stringify({ service, maxExamples, seed, checks })}\n`);
    return checks.every(({ pass }) => pass) ? 0 : 1;
  } finally {
    await stack.end();
  }
}

async function startWebhookStack(context: FaultContext): Promise<Omit<CommandsStack, 'token'> & { token?: string }> {
  const stack = await startPodStack({ name: 'openapi', context, pods: 1, gateway: false });
  const { masterKey, podUrls } = stack;
  return { url: podUrls[0] ?? '', masterKey, alive: () => stack.alive(), end: () => stack.end() };
}
