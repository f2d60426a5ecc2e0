import { parseVerdict, type SaidVerdict, type VerdictCheck, verifyVerdicts } from '@fleetstream/anomaly-model';
import { topics } from '@fleetstream/contracts';
import { silentLog, toMessage } from '@fleetstream/kernel';
import { failUnreachable } from '../cli-failure.ts';

/** How far back a partition of `fleet.insights` is read, in offsets. */
const offsetsPerPartitionMax = 50_000;

/** Verdicts, oldest first. @throws CliFailure 3 when the log can't be read */
export async function readVerdicts(brokers: readonly string[]): Promise<SaidVerdict[]> {
  // Loaded only here: the other commands would wait for a Kafka client they don't use.
  const { createKafkaClient, fetchOffsets, readLog } = await import('@fleetstream/kafka');
  const kafka = createKafkaClient({ brokers, clientId: 'fleetstream-cli', log: silentLog });
  try {
    const ranges = await fetchOffsets(kafka, topics.insights);
    const fromOffsets = new Map(
      [...ranges].map(([partition, { start, end }]) => [partition, Math.max(start, end - offsetsPerPartitionMax)]),
    );
    const said: SaidVerdict[] = [];
    for await (const { value } of readLog({ kafka, topic: topics.insights, fromOffsets })) {
      const verdict = value === null ? undefined : parseVerdict(value.toString('utf8'));
      if (verdict !== undefined) said.push(verdict);
    }
    return said.sort((a, b) => a.data.atMs - b.data.atMs);
  } catch (thrown) {
    return failUnread(brokers, topics.insights, thrown);
  }
}

/** Replays the log behind verdicts. @throws CliFailure 3 when the log can't be read so far back */
export async function checkVerdicts(
  brokers: readonly string[],
  schemaRegistryUrl: string | undefined,
  said: readonly SaidVerdict[],
): Promise<VerdictCheck> {
  const { createKafkaClient, fetchOffsets, readLog } = await import('@fleetstream/kafka');
  const { createEventCodec, readAsJson } = await import('@fleetstream/schema-registry');
  const kafka = createKafkaClient({ brokers, clientId: 'fleetstream-cli', log: silentLog });
  const codec = createEventCodec({ url: schemaRegistryUrl, role: 'reader', log: silentLog });
  const stopCodec = await codec.start();
  try {
    const ranges = await fetchOffsets(kafka, topics.events);
    return await verifyVerdicts(said, (partition, fromOffset, throughOffset) =>
      readAsJson(
        codec,
        readLog({
          kafka,
          topic: topics.events,
          partitions: [partition],
          fromOffsets: new Map([[partition, fromOffset]]),
          // A verdict on what the log does not have must be refuted, not waited for.
          untilOffsets: new Map([[partition, Math.min(throughOffset + 1, ranges.get(partition)?.end ?? 0)]]),
        }),
      ),
    );
  } catch (thrown) {
    return failUnread(brokers, topics.events, thrown);
  } finally {
    await stopCodec();
  }
}

function failUnread(brokers: readonly string[], topic: string, thrown: unknown): never {
  return failUnreachable(`${topic} at ${brokers.join(', ')} can't be read: ${toMessage(thrown)} Does "npm start" run?`);
}
