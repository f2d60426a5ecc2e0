import { randomUUID } from 'node:crypto';
import { type CommandData, topics, toRobotSource } from '@fleetstream/contracts';
import { createLogProducer, readLog } from '@fleetstream/kafka';
import { silentLog, systemClock } from '@fleetstream/kernel';
import { createRobotKeys } from '@fleetstream/signing';
import { atLeast, atMost, exactly, renderCheck } from '../../check.ts';
import { type CommandStack, startCommandStack } from '../../faults/commands/command-stack.ts';
import { until } from '../../faults/restore/until.ts';
import { type FaultContext } from '../../faults/scenario.ts';
import { createUndiciCommandGateway } from '../../fleet/commands/command-gateway-undici.ts';
import { readArguments } from '../../read-arguments.ts';

const help = `npm run bench:commands -- [flags]   one command to many waiting robots, from the log's request to delivered

  --quick    500 robots instead of 4,000
  --help     this text

Two of each part on a broker of their own. Exit codes: 0 within its limits, 1 not, 2 the command isn't fit.
`;

/** Fixed before the first run, for two cores that carry every part and the robots as well. */
const limits = { deliveredPerSecond: 100, p50Ms: 15_000, p99Ms: 40_000 } as const;
const waitSeconds = 50;
const timeoutMs = 180_000;

export async function runCommandsBench(argv: readonly string[], context: FaultContext): Promise<number> {
  const read = readArguments(argv, { quick: { type: 'boolean' }, help: { type: 'boolean' } });
  if (typeof read === 'string' || read.positionals.length > 0) {
    context.say(typeof read === 'string' ? read : help);
    return 2;
  }
  if (read.values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const robots = read.values.quick === true ? 500 : 4_000;
  const stack = await startCommandStack({ context });
  try {
    await stack.ready();
    const figures = await measure(stack, context, robots);
    const checks = [
      exactly('robots delivered to', figures.delivered, robots),
      atLeast('delivered per second', figures.deliveredPerSecond, limits.deliveredPerSecond),
      atMost('p50 ms from request to delivered', figures.p50Ms, limits.p50Ms),
      atMost('p99 ms from request to delivered', figures.p99Ms, limits.p99Ms),
    ];
    for (const check of checks) context.say(renderCheck(check));
    process.stdout.write(`${JSON.stringify({ bench: 'commands', robots, ...figures, checks })}\n`);
    return checks.every(({ pass }) => pass) ? 0 : 1;
  } finally {
    await stack.end(false);
  }
}

interface Figures {
  readonly delivered: number;
  readonly acceptedMs: number;
  readonly deliveredPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

async function measure(stack: CommandStack, context: FaultContext, robots: number): Promise<Figures> {
  const ids = Array.from({ length: robots }, (_, at) => `bench-${at}`);
  await enrol(stack, ids);
  const [url = ''] = stack.urlsOf('commands');
  const ask = async (dryRun: boolean) =>
    await fetch(`${url}/v1/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.operatorToken}`, 'idempotency-key': randomUUID() },
      body: JSON.stringify({ selector: { fleet: 'bench' }, command: { action: 'beep', idempotent: true }, dryRun }),
    });
  const areKnown = async () => ((await (await ask(true)).json()) as { robots?: number }).robots === robots;
  await until('the robots are known', areKnown, { stop: context.stop, timeoutMs });
  const waiting = new AbortController();
  const polls = await startPolls(stack, ids, waiting.signal);
  context.say(`${robots} robots wait for commands`);
  const startedMs = performance.now();
  const answer = await ask(false);
  const acceptedMs = performance.now() - startedMs;
  const { rolloutId } = (await answer.json()) as { readonly rolloutId?: string };
  let delays = new Map<string, Delay>();
  const areDelivered = async () => {
    delays = await readDelays(stack, rolloutId ?? 'none');
    return delays.size === robots;
  };
  try {
    await until('every robot has its command', areDelivered, { stop: context.stop, timeoutMs });
  } finally {
    waiting.abort();
    await Promise.allSettled(polls);
  }
  return { acceptedMs: Math.round(acceptedMs), ...toFigures([...delays.values()]) };
}

async function enrol(stack: CommandStack, ids: readonly string[]): Promise<void> {
  const producer = createLogProducer({ kafka: stack.kafka, log: silentLog, topics: [topics.events] });
  const stop = await producer.start();
  const records = ids.map((robotId) => {
    const event = { id: randomUUID(), source: toRobotSource(robotId), type: 'fleet.robot-enrolled.v1' };
    const value = JSON.stringify({ specversion: '1.0', ...event, data: { fleet: 'bench' } });
    return { topic: topics.events, key: robotId, value };
  });
  await producer.append(records);
  await stop();
}

async function startPolls(
  stack: CommandStack,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Promise<unknown>[]> {
  const gateways = stack.urlsOf('commands').map((url) =>
    createUndiciCommandGateway({
      ...{ url, ca: undefined, token: stack.operatorToken, clock: systemClock, run: randomUUID().slice(0, 8) },
      keys: createRobotKeys(stack.masterKey, [1]),
      pollsMax: ids.length,
    }),
  );
  const polls = ids.map((robotId, at) => gateways[at % gateways.length]?.poll(robotId, waitSeconds, signal));
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  return polls.map((poll) => Promise.resolve(poll));
}

interface Delay {
  readonly requestedAtMs: number;
  readonly deliveredAtMs: number;
}

/** In log time, so that nothing of this program's own pace is in it. */
async function readDelays(stack: CommandStack, rolloutId: string): Promise<Map<string, Delay>> {
  const delays = new Map<string, Delay>();
  for await (const { value } of readLog({ kafka: stack.kafka, topic: topics.commands })) {
    const { data } = JSON.parse(String(value)) as { readonly data: CommandData };
    if (data.rolloutId !== rolloutId || data.status !== 'DELIVERED' || delays.has(data.robotId)) continue;
    delays.set(data.robotId, { requestedAtMs: data.requestedAtMs, deliveredAtMs: data.atMs });
  }
  return delays;
}

function toFigures(delays: readonly Delay[]): Omit<Figures, 'acceptedMs'> {
  const sorted = delays.map(({ requestedAtMs, deliveredAtMs }) => deliveredAtMs - requestedAtMs).sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  const begin = Math.min(...delays.map(({ requestedAtMs }) => requestedAtMs));
  const end = Math.max(...delays.map(({ deliveredAtMs }) => deliveredAtMs));
  const deliveredPerSecond = Math.round((delays.length * 1000) / Math.max(1, end - begin));
  return { delivered: delays.length, deliveredPerSecond, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
