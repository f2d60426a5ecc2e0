import { type ModelMemory } from '@fleetstream/anomaly-model';
import { type LogReader, type OffsetRange, type TransactionalSink } from '@fleetstream/kafka';
import { type Clock, type Log, toAppError } from '@fleetstream/kernel';
import { type EventCodec } from '@fleetstream/schema-registry';
import { type GuardedModel } from './adapters/model-breaker.ts';
import { type InsightsMetrics } from './metrics.ts';
import { PartitionSession } from './partition-session.ts';

export interface PartitionTaskOptions {
  readonly model: GuardedModel;
  readonly createSink: (partition: number) => TransactionalSink;
  readonly source: {
    offsets(partition: number): Promise<OffsetRange>;
    read(partition: number, fromOffset: number): LogReader;
  };
  readonly codec: Pick<EventCodec, 'prepare' | 'toJson'>;
  readonly rewindRecords: number;
  readonly batchRecords: number;
  readonly commitIntervalMs: number;
  readonly clock: Clock;
  readonly metrics: InsightsMetrics;
  readonly log: Log;
  /** Resolves after `delayMs`, or as soon as `signal` aborts. */
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  /** Resolves when the group next confirms this member: only then may one that was fenced open again. */
  readonly ownershipConfirmed: () => Promise<void>;
}

const retryMs = { first: 200, max: 10_000 } as const;
const noMemory: ModelMemory = { robots: 0, series: 0, warmingUp: 0 };

/**
 * One partition for as long as this process owns it: opening -> rewinding -> judging, and opening again after whatever
 * goes wrong. Memory is never mended, only rebuilt from the log: what a failure left half learnt is not known.
 */
export class PartitionTask {
  readonly partition: number;
  readonly #options: PartitionTaskOptions;
  readonly #stopping = new AbortController();
  readonly #sink: TransactionalSink;
  readonly #ended: Promise<void>;
  #session: PartitionSession | undefined;
  #reader: LogReader | undefined;
  #retryMs: number = retryMs.first;

  constructor(options: PartitionTaskOptions, partition: number) {
    this.partition = partition;
    this.#options = options;
    this.#sink = options.createSink(partition);
    this.#ended = this.#run();
  }

  get judging(): boolean {
    return this.#session?.caughtUp === true;
  }

  get nextOffset(): number | undefined {
    return this.#session?.nextOffset;
  }

  status(): { partition: number; lag: number; memory: ModelMemory } {
    const { partition } = this;
    return { partition, lag: this.#session?.lag ?? 0, memory: this.#session?.memory() ?? noMemory };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#reader?.close();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const session = await this.#open();
        this.#session = session;
        await session.run(signal);
      } catch (thrown) {
        await this.#fail(thrown);
      }
      this.#drop();
    }
    await this.#sink.close();
  }

  async #open(): Promise<PartitionSession> {
    const { source, rewindRecords, log, metrics } = this.#options;
    const { partition } = this;
    const committed = await this.#sink.open();
    const { start } = await source.offsets(partition);
    const committedOffset = Math.max(committed ?? start, start);
    if (committed !== undefined && committed < start) {
      metrics.lost(start - committed);
      log.warn({ partition, committed, start }, 'the log was cut before its records were judged');
    }
    const fromOffset = Math.max(start, committedOffset - rewindRecords);
    const reader = source.read(partition, fromOffset);
    this.#reader = reader;
    log.info({ partition, fromOffset, committedOffset }, 'partition opened');
    return new PartitionSession({ ...this.#options, sink: this.#sink, reader, fromOffset, committedOffset });
  }

  async #fail(thrown: unknown): Promise<void> {
    const { log, metrics, ownershipConfirmed, sleep } = this.#options;
    const { partition } = this;
    const { signal } = this.#stopping;
    if (this.judging) this.#retryMs = retryMs.first;
    this.#drop();
    const error = toAppError(thrown, 'FS_INTERNAL', `Partition ${partition} failed`, { partition });
    metrics.reopened(error.code);
    if (signal.aborted) {
      log.warn({ partition, err: error }, 'the last commit did not go through, its records will be judged again');
      return;
    }
    log.warn({ partition, err: error, retryMs: this.#retryMs }, 'a partition failed and is opened again');
    if (error.code === 'FS_TASK_FENCED') await Promise.race([ownershipConfirmed(), this.#stopped()]);
    await sleep(this.#retryMs, signal);
    this.#retryMs = Math.min(this.#retryMs * 2, retryMs.max);
  }

  #drop(): void {
    this.#session = undefined;
    this.#reader?.close();
    this.#reader = undefined;
  }

  async #stopped(): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
  }
}
