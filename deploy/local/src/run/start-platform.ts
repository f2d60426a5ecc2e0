import { writeFileSync } from 'node:fs';
import { topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { type LocalLayout } from '../local-layout.ts';
import { type Parts } from '../parts/create-parts.ts';
import { type RunningParts } from '../supervision/running-parts.ts';

export const partitionCount = 6;

/** Our own client for topics and offsets; what it meets is thrown, so its log would only repeat it. */
export function createLocalKafka({
  kafkaBrokers,
}: Pick<LocalLayout, 'kafkaBrokers'>): ReturnType<typeof createKafkaClient> {
  return createKafkaClient({ brokers: [kafkaBrokers], clientId: 'fleetstream-local', log: silentLog });
}

/** Starts what robots need, as much at once as depends on nothing; each part answers when this returns. */
export async function startPlatform(
  parts: Parts,
  running: RunningParts,
  layout: LocalLayout,
  onStarted: OnStarted,
): Promise<void> {
  const timed = createTimer(onStarted);
  const logAndServices = async () => {
    await timed('kafka', running.start(parts.kafka));
    const wanted = topicSpecs.map(({ name, config }) => ({ name, config, partitions: partitionCount }));
    await timed('topics', ensureTopics(createLocalKafka(layout), wanted));
    await Promise.all([...parts.webhooks, ...parts.processors].map((spec) => timed(spec.name, running.start(spec))));
  };
  await Promise.all([
    logAndServices(),
    timed('redis', running.start(parts.redis)),
    timed('gateway', running.start(parts.gateway)),
    timed('platform', running.start(parts.platform)),
  ]);
  writeFileSync(
    layout.addressesFile,
    `${JSON.stringify(
      {
        gatewayUrl: layout.gatewayUrl,
        caFile: `${layout.tlsDir}/ca.crt`,
        kafkaBrokers: layout.kafkaBrokers,
        redisUrl: `redis://127.0.0.1:${layout.ports.redis}`,
        processorUrl: layout.processorUrl(0),
        platformUrl: layout.platformUrl,
        commandsUrl: layout.commandsUrl,
      },
      undefined,
      2,
    )}\n`,
  );
}

/** Robots can do without it for a while, so it doesn't keep them waiting for their start. */
export async function startCommands(parts: Parts, running: RunningParts, onStarted: OnStarted): Promise<void> {
  await createTimer(onStarted)(parts.commands.name, running.start(parts.commands));
}

/**
 * Starts what reads the log and looks on. No robot waits for it, and on two cores the first event is folded seconds
 * sooner when it comes after.
 */
export async function startOnlookers(parts: Parts, running: RunningParts, onStarted: OnStarted): Promise<void> {
  const timed = createTimer(onStarted);
  const onlookers = [parts.insights, ...(parts.prometheus === undefined ? [] : [parts.prometheus])];
  await Promise.all(onlookers.map((spec) => timed(spec.name, running.start(spec))));
}

type OnStarted = (name: string, tookMs: number) => void;

function createTimer(onStarted: OnStarted): (name: string, work: Promise<unknown>) => Promise<void> {
  return async (name, work) => {
    const startedMs = performance.now();
    await work;
    onStarted(name, performance.now() - startedMs);
  };
}
