import { AppError, type ErrorCode, toAppError } from '@fleetstream/kernel';
import { CheckpointJob } from './checkpoint-job.ts';
import { type CheckpointPace } from './checkpoint-pace.ts';
import { type OpenedFrom } from './engine-event.ts';
import { type StreamEngineOptions } from './engine-options.ts';
import { OffsetWaits } from './offset-waits.ts';
import { openPartition, type OpenPartition } from './open-partition.ts';
import { OpeningPhases } from './opening-phases.ts';
import { OpeningProgress } from './opening-progress.ts';
import { PartitionSession } from './partition-session.ts';
import { type AsOf, type PartitionPhase, type PartitionSnapshot, type PartitionStatus } from './partition-status.ts';
import { PartitionView } from './partition-view.ts';
import { SerialQueue } from './serial-queue.ts';
import { type WarmPartition } from './standby-task.ts';
import { type ReadAfter } from './stream-engine.ts';

/** Ends a copy's following. @returns `undefined` when there is no open copy to be had */
export type TakeCopy<State, Input> = () => Promise<WarmPartition<State, Input> | undefined>;

/** What exists while a partition is open. */
interface Life<State, Input> {
  readonly session: PartitionSession<State, Input>;
  readonly open: OpenPartition;
  readonly checkpoints: CheckpointJob;
  /** What broke it: from then on its memory may be half changed, and nobody may look at it or store it. */
  failure: AppError | undefined;
  /** Who waits for what may be shown. */
  readonly visible: OffsetWaits;
}

const uploadGraceMs = 5000;
/** An answer waits so long for the commit of what it shows. */
const commitWithinMs = 10_000;
const mayBeAnothers: ReadonlySet<ErrorCode> = new Set(['FS_TASK_FENCED', 'FS_COMMIT_OUTCOME_UNKNOWN']);

/**
 * One partition for as long as this process owns it. It opens, folds until it is stopped or something fails, and opens
 * again: whatever was in memory at a failure is dropped, and the broker is asked what is committed.
 */
export class PartitionTask<State, Input> {
  readonly partition: number;
  readonly #options: StreamEngineOptions<State, Input>;
  readonly #stopping = new AbortController();
  /** Folding, commits and queries take turns. */
  readonly #turns = new SerialQueue();
  readonly #ended: Promise<void>;
  #life: Life<State, Input> | undefined;
  #openedFrom: OpenedFrom | undefined;
  #phase: PartitionPhase = 'opening';
  #retryMs: number;
  #progress: OpeningProgress;
  /** What was stored could not be read in use: opening it again would find it whole and fail again. */
  #distrustLocal = false;
  /** A copy that this process has of the partition; asked once, for the first opening. */
  #takeCopy: TakeCopy<State, Input> | undefined;
  readonly #pace: CheckpointPace;
  readonly #assignedMs: number;
  #tookOver = false;
  #uploading: Promise<void> | undefined;

  constructor(
    options: StreamEngineOptions<State, Input>,
    partition: number,
    { pace, takeCopy }: { readonly pace: CheckpointPace; readonly takeCopy: TakeCopy<State, Input> | undefined },
  ) {
    this.partition = partition;
    this.#options = options;
    this.#pace = pace;
    this.#takeCopy = takeCopy;
    this.#assignedMs = options.ports.clock.monotonicMs();
    this.#retryMs = options.limits.firstRetryMs;
    this.#progress = this.#newProgress();
    this.#ended = this.#run();
  }

  get status(): PartitionStatus {
    const { partition } = this;
    const life = this.#life;
    const openedFrom = this.#openedFrom;
    if (life === undefined) {
      const offsets = { committedOffset: 0, appliedOffset: 0, foldedOffset: 0, endOffset: 0, lag: 0 };
      const { restore, refold } = this.#progress;
      return { partition, phase: this.#phase, ...offsets, lastCheckpoint: undefined, openedFrom, restore, refold };
    }
    const { committedOffset, appliedOffset, foldedOffset, endOffset } = life.session;
    const lag = Math.max(0, endOffset - Math.min(committedOffset, foldedOffset));
    const lastCheckpoint = life.checkpoints.last;
    const phase = this.#phase === 'running' ? life.session.phase : this.#phase;
    return {
      partition,
      phase,
      committedOffset,
      appliedOffset,
      foldedOffset,
      endOffset,
      lag,
      lastCheckpoint,
      openedFrom,
      restore: undefined,
      refold: this.#progress.refold,
    };
  }

  /**
   * The state of a key; `undefined` when it has none.
   *
   * @throws AppError FS_NOT_READY while the partition isn't open, FS_OFFSET_NOT_REACHED
   */
  async getState(
    key: string,
    after?: ReadAfter,
  ): Promise<{ readonly stateText: string | undefined; readonly asOf: AsOf }> {
    const life = await this.#lifeAfter(after);
    const answer = await this.#turns.run(async () => {
      const stateText = await this.#stillOpen(life).session.stateOf(key);
      return { stateText, asOf: this.#asOf(life.session) };
    });
    await life.visible.wait(answer.asOf.offset, commitWithinMs);
    return answer;
  }

  /** All states, as of one offset. @throws AppError FS_NOT_READY, FS_OFFSET_NOT_REACHED */
  async snapshot(after?: ReadAfter): Promise<PartitionSnapshot> {
    const life = await this.#lifeAfter(after);
    const view = await this.#turns.run(async () => {
      const { session, open } = this.#stillOpen(life);
      const { fold, index } = this.#options;
      const stored = await open.store.snapshot();
      return new PartitionView<State>({ asOf: this.#asOf(session), changed: session.changed(), fold, index, stored });
    });
    try {
      await life.visible.wait(view.asOf.offset, commitWithinMs);
      return view;
    } catch (thrown) {
      await view.release();
      throw thrown;
    }
  }

  /** Commits and stores what was folded, then closes. An upload may go on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#life?.session.stopReading();
    await this.#ended;
  }

  /** Waits, but not long, for an upload that was under way at the stop. Until then the folder is in use. */
  async uploaded(): Promise<void> {
    await this.#uploading;
  }

  /** For a stop that takes too long: nothing is written any more, whatever still runs. */
  async cutOff(): Promise<void> {
    this.#options.observe({ kind: 'cutOff', partition: this.partition });
    this.#options.log.warn({ partition: this.partition }, 'a partition did not close in time and was cut off');
    await this.#life?.open.sink.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const life = await this.#openLife();
        await this.#live(life);
        await this.#turns.run(() => breaking(life, () => this.#endLife(life)));
        this.#uploading = this.#uploaded(life);
      } catch (thrown) {
        await this.#fail(thrown);
      }
    }
    this.#phase = 'closed';
  }

  async #openLife(): Promise<Life<State, Input>> {
    this.#phase = 'opening';
    this.#progress = this.#newProgress();
    const { ports, observe, log } = this.#options;
    const startMs = ports.clock.monotonicMs();
    const options = this.#options as unknown as StreamEngineOptions<never, never>;
    const phases = new OpeningPhases(ports.clock);
    const { open, session } = (await this.#adoptCopy(phases)) ?? (await this.#openStored(phases));
    const known = open.openedFrom === 'checkpoint' ? open.startOffset : 0;
    const checkpoints = new CheckpointJob(options, this.partition, { appliedOffset: known, pace: this.#pace });
    const visible = new OffsetWaits(session.visibleOffset);
    const life: Life<State, Input> = { session, open, checkpoints, failure: undefined, visible };
    this.#life = life;
    this.#openedFrom = open.openedFrom;
    this.#phase = 'running';
    const { partition } = this;
    const { startOffset: appliedOffset, committedOffset, openedFrom } = open;
    const refoldRecords = Math.max(0, committedOffset - appliedOffset);
    this.#progress.beginRefold(appliedOffset, committedOffset);
    const { times } = phases;
    log.info(
      { partition, openedFrom, appliedOffset, committedOffset, refoldRecords, phases: times },
      'partition opened',
    );
    const durationMs = ports.clock.monotonicMs() - startMs;
    observe({ kind: 'opened', partition, openedFrom, refoldRecords, durationMs, phases: times });
    return life;
  }

  async #openStored(phases: OpeningPhases): Promise<Pick<Life<State, Input>, 'open' | 'session'>> {
    const options = this.#options as unknown as StreamEngineOptions<never, never>;
    const open = await openPartition(options, this.partition, {
      distrustLocal: this.#distrustLocal,
      phases,
      restore: {
        onProgress: (progress) => {
          this.#progress.noteRestore(progress);
        },
        signal: this.#stopping.signal,
      },
    });
    this.#distrustLocal = false;
    const session = await phases.time('timers', () => PartitionSession.start(this.#options, this.partition, open));
    return { open, session };
  }

  /** Goes on with a copy that is open here: fences the owner before us as any opening does, and restores nothing. */
  async #adoptCopy(phases: OpeningPhases): Promise<Pick<Life<State, Input>, 'open' | 'session'> | undefined> {
    const copy = await phases.time('copy', async () => await this.#takeCopy?.());
    this.#takeCopy = undefined;
    if (copy === undefined) return undefined;
    const { session } = copy;
    try {
      const sink = this.#options.ports.createSink(this.partition);
      copy.own(sink, await phases.time('fence', () => sink.open()));
      const open = { ...copy.open, startOffset: session.foldedOffset, committedOffset: session.committedOffset };
      return { open, session };
    } catch (thrown) {
      await session.close();
      throw thrown;
    }
  }

  /** Folds until it is told to stop; throws whatever went wrong. */
  async #live(life: Life<State, Input>): Promise<void> {
    const { session, open, checkpoints } = life;
    while (!this.#stopping.signal.aborted) {
      const batch = await session.nextBatch();
      await this.#turns.run(() =>
        breaking(life, async () => {
          if (batch !== undefined) await session.fold(batch);
          await session.settle();
        }),
      );
      life.visible.advance(session.visibleOffset);
      this.#progress.noteFolded(session.foldedOffset);
      if (!this.#tookOver && batch !== undefined && !session.isRefolding) this.#noteTakeover(open);
      if (!session.isRefolding) this.#retryMs = this.#options.limits.firstRetryMs;
      checkpoints.startIfDue(open.store);
      if (session.isTickDue()) await this.#tick(session);
    }
  }

  #noteTakeover({ openedFrom }: OpenPartition): void {
    const { ports, observe } = this.#options;
    this.#tookOver = true;
    const durationMs = ports.clock.monotonicMs() - this.#assignedMs;
    observe({ kind: 'tookOver', partition: this.partition, openedFrom, durationMs });
  }

  #newProgress(): OpeningProgress {
    return new OpeningProgress(this.partition, this.#options.ports.clock, this.#options.log);
  }

  async #tick(session: PartitionSession<State, Input>): Promise<void> {
    const { ports, observe, log } = this.#options;
    session.noteTick();
    try {
      await ports.ticks.tick(this.partition);
      observe({ kind: 'ticked', partition: this.partition });
    } catch (thrown) {
      observe({ kind: 'notTicked', partition: this.partition });
      log.warn({ partition: this.partition, err: thrown }, 'a tick could not be appended, trying again later');
    }
  }

  /** The orderly end. A commit that fails here is as any other: the next owner goes on from what is committed. */
  async #endLife({ session }: Life<State, Input>): Promise<void> {
    await session.commit();
    await session.storeStates();
    await this.#drop();
  }

  async #fail(thrown: unknown): Promise<void> {
    const { ports, observe, log, limits } = this.#options;
    const { partition } = this;
    const error = toAppError(thrown, 'FS_INTERNAL', `Partition ${partition} failed`, { partition });
    const stopping = this.#stopping.signal.aborted;
    this.#phase = 'opening';
    observe({ kind: 'failed', partition, code: error.code });
    if (error.code === 'FS_STATE_DAMAGED') {
      this.#distrustLocal = true;
      observe({ kind: 'localStateDiscarded', partition, reason: 'damaged' });
    }
    await this.#turns.run(() => this.#drop());
    if (stopping) {
      log.warn({ partition, err: error }, 'a partition failed while it was given up, the next owner refolds');
      return;
    }
    const level = error.spec.disposition === 'fatal' ? 'error' : 'warn';
    log[level]({ partition, err: error, retryMs: this.#retryMs }, 'a partition failed and is opened again');
    // Opening fences whoever has the partition, so one that may have lost it meanwhile first lets the group say.
    if (mayBeAnothers.has(error.code)) await Promise.race([ports.ownershipConfirmed(), this.#stopped()]);
    await ports.sleep(this.#retryMs, this.#stopping.signal);
    this.#retryMs = Math.min(this.#retryMs * 2, limits.maxRetryMs);
  }

  /** Lets go of everything that was in memory. What is in the store is right whatever happened. */
  async #drop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    if (life === undefined) return;
    life.visible.fail(new AppError('FS_NOT_READY', `Partition ${this.partition} is being opened`));
    try {
      await life.checkpoints.copied();
      await life.session.close();
    } catch (thrown) {
      this.#options.log.warn({ partition: this.partition, err: thrown }, 'a partition did not close cleanly');
    }
  }

  /** An upload that is nearly there saves the next owner a refold; the folder is free already. */
  async #uploaded({ checkpoints }: Life<State, Input>): Promise<void> {
    const timeout = new AbortController();
    await Promise.race([checkpoints.settled(), this.#options.ports.sleep(uploadGraceMs, timeout.signal)]);
    timeout.abort();
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

  /** The life that has reached what the reader wants to see. */
  async #lifeAfter(after: ReadAfter | undefined): Promise<Life<State, Input>> {
    const life = this.#requireLife();
    if (after !== undefined) await life.visible.wait(after.minOffset, after.withinMs);
    return life;
  }

  /** The life that was waited for may have ended meanwhile, and the next one may not have come so far. */
  #stillOpen(life: Life<State, Input>): Life<State, Input> {
    if (this.#requireLife() === life) return life;
    throw new AppError('FS_NOT_READY', `Partition ${this.partition} was opened again`);
  }

  #requireLife(): Life<State, Input> {
    if (this.#life !== undefined && this.#life.failure === undefined) return this.#life;
    throw new AppError('FS_NOT_READY', `Partition ${this.partition} is being opened`);
  }

  #asOf(session: PartitionSession<State, Input>): AsOf {
    return { partition: this.partition, offset: session.foldedOffset, logTimeMs: session.logTimeMs };
  }
}

/** Runs what changes a life's memory. After a failure in it, and from then on, that memory is not used any more. */
async function breaking(life: { failure: AppError | undefined }, work: () => Promise<void>): Promise<void> {
  if (life.failure !== undefined) throw life.failure;
  try {
    await work();
  } catch (thrown) {
    life.failure = toAppError(thrown, 'FS_INTERNAL', 'A partition failed');
    throw life.failure;
  }
}
