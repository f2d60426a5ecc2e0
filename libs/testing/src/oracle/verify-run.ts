import { decodeFleetRecord, type FleetAlertData, topics } from '@fleetstream/contracts';
import { createKafkaClient, fetchCommitted, fetchOffsets, readLog, type LogRecord } from '@fleetstream/kafka';
import { type Fold, type Log } from '@fleetstream/kernel';
import { createEventCodec, type EventCodec } from '@fleetstream/schema-registry';
import {
  type AcknowledgedEvent,
  AppendedEvents,
  checkAcknowledged,
  checkCounts,
  toSha256,
} from './check-acknowledged.ts';
import { compareMultisets } from './compare-multisets.ts';
import { compareStates } from './compare-states.ts';
import { foldPartition, type FoldedPartition } from './fold-partition.ts';
import { type OracleRecord } from './log-record.ts';

export interface ServedStates {
  /** `state` is the JSON text that the processor served. */
  readonly robots: readonly { readonly robotId: string; readonly partition: number; readonly state: string }[];
  readonly asOf: readonly { readonly partition: number; readonly offset: number }[];
}

type FleetInput = Extract<ReturnType<typeof decodeFleetRecord>, { kind: 'input' }>['input'];

export interface VerifyRunOptions<State> {
  readonly brokers: readonly string[];
  readonly groupId: string;
  readonly fold: Fold<State, FleetInput>;
  /** How many different events of its robot a state says it folded. */
  readonly countFolded: (state: State) => number;
  /** What the processor answered while it ran; compared at the very offsets it named. */
  readonly served: ServedStates;
  readonly journal: AsyncIterable<AcknowledgedEvent>;
  /**
   * Keys that are in the log as load alone: they move its time, and nothing else is said of them here. For runs whose
   * whole history no oracle could hold; whoever sends them counts them.
   */
  readonly isLoad?: (key: string) => boolean;
  readonly log: Log;
  /** Confluent API of the schema registry, for a log that holds Avro. */
  readonly schemaRegistryUrl?: string;
}

export interface RunFigures {
  /** Records of robots in the log, repeats included. */
  readonly appended: number;
  /** Events that the states say they folded. */
  readonly folded: number;
  readonly robots: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly altered: number;
  readonly stateMismatches: number;
  readonly outputMismatches: number;
  readonly outputs: number;
  readonly deadLetters: number;
  /** What was written to `fleet.alerts`, oldest first within a partition. */
  readonly alerts: readonly FleetAlertData[];
  /** A few of everything wrong, for a person. */
  readonly examples: readonly string[];
}

/**
 * Holds a run against the log: folds the whole history the plain way and compares states byte for byte, committed
 * outputs as multisets, and every acknowledgement with what the log has. Call it when the processors have stopped, so
 * that outputs and committed offsets stand still.
 *
 * @throws AppError FS_LOG_TRUNCATED when the log no longer reaches back to its first record: then nothing can be said
 */
export async function verifyRun<State>(options: VerifyRunOptions<State>): Promise<RunFigures> {
  const codec = createEventCodec({ url: options.schemaRegistryUrl, role: 'reader', log: options.log });
  const stopCodec = await codec.start();
  try {
    return await verifyWith(codec, options);
  } finally {
    await stopCodec();
  }
}

async function verifyWith<State>(codec: EventCodec, options: VerifyRunOptions<State>): Promise<RunFigures> {
  const kafka = createKafkaClient({ brokers: options.brokers, clientId: 'oracle', log: options.log });
  const isLoad = options.isLoad ?? noneIsLoad;
  const committed = await fetchCommitted(kafka, options.groupId, topics.events);
  const appended = new AppendedEvents();
  const folds: FoldedPartition[] = [];
  for (const [partition] of await fetchOffsets(kafka, topics.events, 'uncommitted')) {
    const records = readLog({
      kafka,
      topic: topics.events,
      partitions: [partition],
      fromOffsets: new Map([[partition, 0]]),
      isolation: 'uncommitted',
    });
    folds.push(
      await foldPartition(noting(withoutLoad(records, isLoad), appended, codec, isLoad), {
        fold: options.fold,
        decode: (record) => (isLoad(record.key) ? { kind: 'tick' } : decode(codec, record)),
        statesAt: options.served.asOf.find((asOf) => asOf.partition === partition)?.offset ?? 0,
        outputsUntil: committed.get(partition) ?? 0,
      }),
    );
  }
  const robots = options.served.robots.filter(({ robotId }) => !isLoad(robotId));
  return compare(
    { ...options, served: { ...options.served, robots } },
    folds,
    appended,
    await readOutputs(kafka, isLoad),
  );
}

function noneIsLoad(): boolean {
  return false;
}

/** Of load, the records at which the log's time moves on. */
async function* withoutLoad(
  records: AsyncIterable<LogRecord>,
  isLoad: (key: string) => boolean,
): AsyncGenerator<LogRecord> {
  let logTimeMs = 0;
  for await (const record of records) {
    if (record.timestampMs <= logTimeMs && isLoad(String(record.key))) continue;
    logTimeMs = Math.max(logTimeMs, record.timestampMs);
    yield record;
  }
}

interface WrittenOutputs {
  readonly outputs: readonly string[];
  readonly deadLetters: readonly string[];
  readonly alerts: readonly FleetAlertData[];
}

async function readOutputs(
  kafka: ReturnType<typeof createKafkaClient>,
  isLoad: (key: string) => boolean,
): Promise<WrittenOutputs> {
  const outputs: string[] = [];
  const deadLetters: string[] = [];
  const alerts: FleetAlertData[] = [];
  for (const topic of [topics.states, topics.alerts, topics.commands]) {
    for await (const { partition, key, value } of readLog({ kafka, topic })) {
      if (isLoad(String(key))) continue;
      outputs.push(toLine(topic, partition, String(key), String(value)));
      if (topic === topics.alerts) alerts.push((JSON.parse(String(value)) as { data: FleetAlertData }).data);
    }
  }
  for await (const { partition, key, value } of readLog({ kafka, topic: topics.deadLetters })) {
    deadLetters.push(toLine(topics.deadLetters, partition, String(key), value?.toString() ?? ''));
  }
  return { outputs, deadLetters, alerts };
}

async function compare<State>(
  options: VerifyRunOptions<State>,
  folds: readonly FoldedPartition[],
  appended: AppendedEvents,
  written: WrittenOutputs,
): Promise<RunFigures> {
  const expected = new Map(folds.flatMap(({ states }) => [...states]));
  const states = compareStates(expected, new Map(options.served.robots.map((robot) => [robot.robotId, robot.state])));
  const outputs = compareMultisets(
    folds.flatMap((folded) =>
      folded.outputs.map(({ topic, partition, key, value }) => toLine(topic, partition, key, value)),
    ),
    written.outputs,
  );
  const poison = compareMultisets(
    folds.flatMap((folded) => [
      ...folded.poison.map((record) =>
        toLine(topics.deadLetters, record.partition, record.key, record.value.toString()),
      ),
      // A timer has no record: its dead letter has no value.
      ...folded.poisonTimers.map(({ partition, key }) => toLine(topics.deadLetters, partition, key, '')),
    ]),
    written.deadLetters,
  );
  const journal: AcknowledgedEvent[] = [];
  for await (const entry of options.journal) journal.push(entry);
  const acknowledged = checkAcknowledged(journal, appended);
  const counts = checkCounts(
    appended.distinct(),
    new Map(
      options.served.robots.map(({ robotId, state }) => [
        robotId,
        options.countFolded(options.fold.decodeState(state)),
      ]),
    ),
  );
  return {
    appended: appended.records,
    folded: counts.folded,
    robots: options.served.robots.length,
    acknowledged: acknowledged.acknowledged,
    lost: acknowledged.lost + counts.uncounted,
    duplicated: counts.duplicated,
    altered: acknowledged.altered,
    stateMismatches: states.mismatches,
    outputMismatches: outputs.missing + outputs.surplus + poison.missing + poison.surplus,
    outputs: written.outputs.length,
    deadLetters: written.deadLetters.length,
    alerts: written.alerts,
    examples: [...acknowledged.examples, ...states.examples, ...outputs.examples, ...poison.examples],
  };
}

/** Notes robots' events on the way. */
async function* noting(
  records: AsyncIterable<LogRecord>,
  appended: AppendedEvents,
  codec: EventCodec,
  isLoad: (key: string) => boolean,
): AsyncGenerator<OracleRecord> {
  for await (const record of records) {
    const noted = { ...record, key: String(record.key), value: record.value ?? Buffer.alloc(0) };
    if (isLoad(noted.key)) {
      yield noted;
      continue;
    }
    await codec.prepare([noted]);
    const decoded = decode(codec, noted);
    if (decoded.kind === 'input' && decoded.input.type.startsWith('robot.')) {
      const { id, data } = decoded.input;
      appended.add(decoded.key, id, hashesOf(codec.toJson(noted).value ?? noted.value, data));
    }
    yield noted;
  }
}

function decode(codec: EventCodec, record: OracleRecord): ReturnType<typeof decodeFleetRecord> {
  return decodeFleetRecord({ key: record.key, ...codec.toJson(record) });
}

function hashesOf(value: Buffer, data: unknown): string[] {
  const raw = typeof data === 'object' && data !== null && 'raw' in data ? data.raw : undefined;
  return raw === undefined ? [toSha256(value)] : [toSha256(value), toSha256(JSON.stringify(raw))];
}

function toLine(topic: string, partition: number, key: string, value: string | null): string {
  return `${topic}/${partition} ${key} ${String(value)}`;
}
