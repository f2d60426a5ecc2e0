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

/** Starts everything but the robots, as much at once as depends on nothing; each part answers when this returns. */
export async function startPlatform(
  parts: Parts,
  running: RunningParts,
  layout: LocalLayout,
  onStarted: (name: string, tookMs: number) => void,
): Promise<void> {
  const timed = async (name: string, work: Promise<unknown>) => {
    const startedMs = performance.now();
    await work;
    onStarted(name, performance.now() - startedMs);
  };
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
        processorUrl: layout.processorUrl(0),
        platformUrl: layout.platformUrl,
      },
      undefined,
      2,
    )}\n`,
  );
}
