import {
  type ModelMemory,
  type ModelSession,
  readRobotRecord,
  type RecordScore,
  type RobotRecord,
  toVerdict,
  type Verdict,
} from '@fleetstream/anomaly-model';
import {
  type LogBatch,
  type LogReader,
  type LogRecord,
  type SinkRecord,
  type TransactionalSink,
} from '@fleetstream/kafka';
import { type Clock } from '@fleetstream/kernel';
import { type EventCodec } from '@fleetstream/schema-registry';
import { setImmediate } from 'node:timers/promises';
import { type GuardedModel } from './adapters/model-breaker.ts';
import { toDeadLetter } from './adapters/to-dead-letter.ts';
import { type InsightsMetrics } from './metrics.ts';

export interface PartitionSessionOptions {
  readonly model: GuardedModel;
  readonly sink: TransactionalSink;
  readonly reader: LogReader;
  readonly codec: Pick<EventCodec, 'prepare' | 'toJson'>;
  /** The first record that the model is shown. */
  readonly fromOffset: number;
  /** What is before it was judged and committed already; it only rebuilds the model's memory. */
  readonly committedOffset: number;
  readonly batchRecords: number;
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  readonly metrics: InsightsMetrics;
}

interface Judged {
  readonly record: LogRecord;
  readonly robotRecord: RobotRecord;
  readonly score: RecordScore;
}

type Output = Verdict | SinkRecord;

const waitMs = 250;

/**
 * One partition from its opening to the first failure: shows records to the model in order, and commits each verdict
 * in one transaction with the offset up to which records are judged.
 */
export class PartitionSession {
  readonly #options: PartitionSessionOptions;
  readonly #model: ModelSession;
  #nextOffset: number;
  #committedOffset: number;
  #committedAtMs: number;

  constructor(options: PartitionSessionOptions) {
    this.#options = options;
    this.#model = options.model.open();
    this.#nextOffset = options.fromOffset;
    this.#committedOffset = options.committedOffset;
    this.#committedAtMs = options.clock.monotonicMs();
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Whether the memory is rebuilt, so that everything from here on is judged aloud. */
  get caughtUp(): boolean {
    return this.#nextOffset >= this.#options.committedOffset;
  }

  get lag(): number {
    return Math.max(0, this.#options.reader.endOffset - this.#committedOffset);
  }

  memory(): ModelMemory {
    return this.#model.memory();
  }

  /** @throws AppError FS_MODEL_UNAVAILABLE, FS_LOG_TRUNCATED, or what the sink throws: the session is over then */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const batch = await this.#options.reader.next(waitMs);
      if (batch !== undefined) await this.#judgeBatch(batch, signal);
      if (this.#options.clock.monotonicMs() - this.#committedAtMs >= this.#options.commitIntervalMs) {
        await this.#commit([]);
      }
    }
    await this.#commit([]);
  }

  async #judgeBatch(batch: LogBatch, signal: AbortSignal): Promise<void> {
    const { batchRecords } = this.#options;
    for (let start = 0; start < batch.records.length && !signal.aborted; start += batchRecords) {
      const records = batch.records.slice(start, start + batchRecords);
      const outputs = await this.#judge(records);
      const last = start + batchRecords >= batch.records.length;
      this.#nextOffset = last ? batch.nextOffset : (records.at(-1)?.offset ?? this.#nextOffset) + 1;
      if (outputs.length > 0) await this.#commit(outputs);
      // A long way to catch up must not keep heartbeats and health checks waiting.
      else await setImmediate();
    }
    if (batch.records.length === 0) this.#nextOffset = batch.nextOffset;
  }

  async #judge(records: readonly LogRecord[]): Promise<Output[]> {
    const { clock, codec, metrics } = this.#options;
    await codec.prepare(records);
    const readable = this.#read(records);
    const startedMs = clock.monotonicMs();
    const scores = await this.#model.score(readable.map(({ robotRecord }) => robotRecord));
    metrics.scored((clock.monotonicMs() - startedMs) / 1000);
    return scores.flatMap((score, index) => {
      const read = readable[index];
      // Verdicts and dead letters of what is before the committed offset are out already.
      if (read === undefined || read.record.offset < this.#options.committedOffset) return [];
      return this.#toOutputs({ ...read, score });
    });
  }

  #read(records: readonly LogRecord[]): { record: LogRecord; robotRecord: RobotRecord }[] {
    const { codec, metrics, committedOffset } = this.#options;
    return records.flatMap((record) => {
      const json = codec.toJson(record);
      const read = readRobotRecord(json === record ? record : { ...record, ...json });
      if (record.offset < committedOffset) metrics.record('rewound', 1);
      else if (read.kind !== 'robot') metrics.record(read.kind, 1);
      return read.kind === 'robot' ? [{ record, robotRecord: read.record }] : [];
    });
  }

  #toOutputs({ record, robotRecord, score }: Judged): Output[] {
    const { metrics, fromOffset } = this.#options;
    const { model } = this.#options.model;
    switch (score.kind) {
      case 'skipped':
        metrics.record(score.reason, 1);
        return [];
      case 'failed':
        metrics.record('failed', 1);
        return [toDeadLetter(record, model.name, score.detail)];
      case 'scored': {
        metrics.record('scored', 1);
        metrics.withheld(score.withheld);
        return score.findings.map((finding) => toVerdict(model, robotRecord, finding, fromOffset));
      }
    }
  }

  /** Never backwards: while the memory is being rebuilt there is nothing to commit. */
  async #commit(outputs: readonly Output[]): Promise<void> {
    this.#committedAtMs = this.#options.clock.monotonicMs();
    if (this.#nextOffset <= this.#committedOffset) return;
    const { sink, metrics, model } = this.#options;
    await sink.commit({ outputs, nextOffset: this.#nextOffset });
    this.#committedOffset = this.#nextOffset;
    metrics.committed();
    for (const output of outputs) if ('severity' in output) metrics.verdict(model.model.name, output.severity);
  }
}
