import { type TransactionalSink } from '@fleetstream/kafka';
import { AppError, toAppError } from '@fleetstream/kernel';
import { CommittedReader } from './committed-reader.ts';
import { type EngineEvent } from './engine-event.ts';
import { type StandbyOptions, type StreamEngineOptions } from './engine-options.ts';
import { HandoverSink } from './handover-sink.ts';
import { findStore, type OpeningOptions, type OpenPartition, toStartOffset } from './open-partition.ts';
import { PartitionSession } from './partition-session.ts';
import { type StandbyStatus } from './partition-status.ts';

/** A warm copy that is this many times `warmRecords` behind is warm no more. */
const coldFactor = 4;

/** A copy that is open, and all that it needs to become the partition itself. */
export interface WarmPartition<State, Input> {
  readonly session: PartitionSession<State, Input>;
  /** As it will be: its sink writes nothing yet. */
  readonly open: OpenPartition;
  /**
   * Makes it the partition: outputs go to `sink`, which is open, and reading goes on past what was committed.
   *
   * @throws AppError FS_STATE_DAMAGED when the copy is ahead of what the sink says is committed
   */
  own(sink: TransactionalSink, committed: number | undefined): void;
}

/**
 * A copy of a partition that another process owns: it folds what the owner has committed, a moment later, keeps it in a
 * store of its own, and writes no outputs and no offsets. When the owner is gone it becomes the partition, without
 * restoring and with its memory warm.
 *
 * opening → following → opening … (after a failure); any of them → closed or promoted.
 */
export class StandbyTask<State, Input> {
  readonly partition: number;
  readonly #options: StreamEngineOptions<State, Input>;
  readonly #standby: StandbyOptions;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  #warm: Warm<State, Input> | undefined;
  #phase: StandbyStatus['phase'] = 'opening';
  #retryMs: number;
  #isWarm = false;
  #opening: OpeningOptions = {};

  constructor(options: StreamEngineOptions<State, Input>, standby: StandbyOptions, partition: number) {
    this.partition = partition;
    this.#options = options;
    this.#standby = standby;
    this.#retryMs = options.limits.firstRetryMs;
    this.#ended = this.#run();
  }

  get status(): StandbyStatus {
    const session = this.#warm?.session;
    const foldedOffset = session?.foldedOffset ?? 0;
    const committedOffset = session?.committedOffset ?? 0;
    const lag = Math.max(0, committedOffset - foldedOffset);
    return { partition: this.partition, phase: this.#phase, foldedOffset, committedOffset, lag, isWarm: this.#isWarm };
  }

  /** Ends following. @returns the open copy, `undefined` when there is none to be had */
  async promote(): Promise<WarmPartition<State, Input> | undefined> {
    this.#stopping.abort();
    await this.#ended;
    const warm = this.#warm;
    this.#warm = undefined;
    return warm;
  }

  /** Stores what was folded and closes. */
  async stop(): Promise<void> {
    const warm = await this.promote();
    this.#phase = 'closed';
    if (warm === undefined) return;
    try {
      await warm.session.storeStates();
    } catch (thrown) {
      this.#options.log.debug({ partition: this.partition, err: thrown }, 'a copy was not stored whole');
    }
    await this.#close(warm);
  }

  async #run(): Promise<void> {
    const { log, limits, ports, observe } = this.#options;
    const { partition } = this;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#phase = 'opening';
        this.#warm = await this.#open();
        this.#phase = 'following';
        await this.#follow(this.#warm);
      } catch (thrown) {
        const error = toAppError(thrown, 'FS_INTERNAL', `The copy of partition ${partition} failed`, { partition });
        observe({ kind: 'standbyFailed', partition, code: error.code });
        log.warn({ partition, err: error, retryMs: this.#retryMs }, 'a copy of a partition failed, opening it again');
        if (error.code === 'FS_STATE_DAMAGED') this.#opening = { distrustLocal: true };
        const broken = this.#warm;
        this.#warm = undefined;
        this.#isWarm = false;
        if (broken !== undefined) await this.#close(broken);
        await ports.sleep(this.#retryMs, signal);
        this.#retryMs = Math.min(this.#retryMs * 2, limits.maxRetryMs);
      }
    }
  }

  async #open(): Promise<Warm<State, Input>> {
    const { partition } = this;
    const { ports, log } = this.#options;
    const options = this.#options as unknown as StreamEngineOptions<never, never>;
    const startMs = ports.clock.monotonicMs();
    const committed = await this.#standby.committedOffset(partition);
    const range = await ports.source.offsets(partition);
    const { store, openedFrom } = await findStore(options, partition, { committed, range }, this.#opening);
    this.#opening = {};
    try {
      const startOffset = toStartOffset(options, partition, store, range);
      const open = {
        ...{ store, startOffset, openedFrom: 'standby' as const, sink: new HandoverSink() },
        committedOffset: Math.max(startOffset, committed ?? 0),
      };
      const warm = await Warm.start(this.#options, partition, open);
      const durationMs = Math.round(ports.clock.monotonicMs() - startMs);
      log.info({ partition, openedFrom, appliedOffset: startOffset, committed, durationMs }, 'copy opened');
      return warm;
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
  }

  /** Folds what is committed until it is told to stop. */
  async #follow(warm: Warm<State, Input>): Promise<void> {
    const { session } = warm;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const committed = await this.#standby.committedOffset(this.partition);
      warm.raise(committed ?? 0);
      // Here, where it is known how far the owner is by now: after the folding below it may be far ahead again.
      this.#noteWarm(warm);
      for (let more = true; more && session.isRefolding; more = !this.#isStopping()) {
        const batch = await session.nextBatch();
        if (batch === undefined) break;
        await session.fold(batch);
        await session.settle();
      }
      this.#retryMs = this.#options.limits.firstRetryMs;
      if (session.isRefolding) continue;
      await session.settle();
      await this.#options.ports.sleep(this.#standby.pollMs, signal);
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /**
   * Tells each time that the copy becomes warm. Its owner goes on meanwhile, so it stays warm until it has fallen
   * several times as far behind: who was told asks a moment later, and then it must not have ceased to be so.
   */
  #noteWarm({ session }: Warm<State, Input>): void {
    const { warmRecords } = this.#standby;
    const lag = session.committedOffset - session.foldedOffset;
    if (this.#isWarm) {
      this.#isWarm = lag <= warmRecords * coldFactor;
    } else if (lag <= warmRecords) {
      this.#isWarm = true;
      this.#options.observe({ kind: 'standbyWarm', partition: this.partition });
    }
  }

  async #close({ session }: WarmPartition<State, Input>): Promise<void> {
    try {
      await session.close();
    } catch (thrown) {
      this.#options.log.warn({ partition: this.partition, err: thrown }, 'a copy did not close cleanly');
    }
  }
}

type CopyOpen = OpenPartition & { readonly sink: HandoverSink };

class Warm<State, Input> implements WarmPartition<State, Input> {
  readonly session: PartitionSession<State, Input>;
  readonly open: CopyOpen;
  readonly #reader: CommittedReader;
  readonly #role: { isOwner: boolean };

  private constructor(
    session: PartitionSession<State, Input>,
    open: CopyOpen,
    reader: CommittedReader,
    role: { isOwner: boolean },
  ) {
    this.session = session;
    this.open = open;
    this.#reader = reader;
    this.#role = role;
  }

  static async start<State, Input>(
    options: StreamEngineOptions<State, Input>,
    partition: number,
    open: CopyOpen,
  ): Promise<Warm<State, Input>> {
    const role = { isOwner: false };
    const reader = new CommittedReader(options.ports.source.read(partition, open.startOffset), open.startOffset);
    const { source: log } = options.ports;
    const source = { offsets: (one: number) => log.offsets(one), read: () => reader };
    const session = await PartitionSession.start(
      {
        ...options,
        ports: { ...options.ports, source },
        observe: (event) => {
          const told = role.isOwner ? event : toStandbyEvent(event);
          if (told !== undefined) options.observe(told);
        },
      },
      partition,
      open,
    ).catch((thrown: unknown) => {
      reader.close();
      throw thrown;
    });
    return new Warm(session, open, reader, role);
  }

  raise(committed: number): void {
    this.#reader.raise(committed);
    this.session.noteCommitted(committed);
  }

  own(sink: TransactionalSink, committed: number | undefined): void {
    const { foldedOffset } = this.session;
    if (foldedOffset > (committed ?? foldedOffset)) {
      const detail = `has folded up to ${foldedOffset}, the group only up to ${committed ?? 0}`;
      throw new AppError('FS_STATE_DAMAGED', `The copy of partition ${this.session.partition} ${detail}`);
    }
    this.session.noteCommitted(committed ?? foldedOffset);
    this.open.sink.handOver(sink);
    this.#role.isOwner = true;
    this.#reader.lift();
  }
}

/** A copy's folding is no second folding of the log, and counts apart. */
function toStandbyEvent(event: EngineEvent): EngineEvent | undefined {
  if (event.kind === 'folded') return { kind: 'standbyFolded', partition: event.partition, records: event.records };
  return event.kind === 'stateNotWritten' ? event : undefined;
}
