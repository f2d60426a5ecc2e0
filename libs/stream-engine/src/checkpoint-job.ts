import { join } from 'node:path';
import { toAppError } from '@fleetstream/kernel';
import { type StateStore } from '@fleetstream/state-store';
import { type StreamEngineOptions } from './engine-options.ts';
import { type CheckpointPace } from './checkpoint-pace.ts';
import { partitionDirs } from './open-partition.ts';

export interface LastCheckpoint {
  readonly appliedOffset: number;
  /** Wall time of its upload's end. */
  readonly atMs: number;
  readonly uploadedBytes: number;
}

const maxIntervalFactor = 8;

/**
 * Copies and uploads the state of one partition now and then, beside its folding. One at a time. A checkpoint store
 * that fails is asked less and less often, and never stops anything else.
 */
export class CheckpointJob {
  readonly #options: StreamEngineOptions<never, never>;
  readonly #partition: number;
  readonly #pace: CheckpointPace;
  #running: Promise<void> | undefined;
  /** The part of it that needs the store. */
  #copying: Promise<unknown> | undefined;
  #lastStartMs: number;
  #intervalFactor = 1;
  #copies = 0;
  #last: LastCheckpoint | undefined;
  #lastAppliedOffset: number;

  /** `appliedOffset`: what a checkpoint is known to hold already. `pace`: one for all partitions of the process. */
  constructor(
    options: StreamEngineOptions<never, never>,
    partition: number,
    { appliedOffset, pace }: { readonly appliedOffset: number; readonly pace: CheckpointPace },
  ) {
    this.#options = options;
    this.#partition = partition;
    this.#pace = pace;
    this.#lastStartMs = options.ports.clock.monotonicMs();
    this.#lastAppliedOffset = appliedOffset;
  }

  get last(): LastCheckpoint | undefined {
    return this.#last;
  }

  /** Begins a checkpoint if one is due, none is under way, and none of another partition began just now. Doesn't wait for it. */
  startIfDue(store: StateStore): void {
    const { limits, ports } = this.#options;
    const dueMs = this.#lastStartMs + limits.checkpointIntervalMs * this.#intervalFactor;
    const nowMs = ports.clock.monotonicMs();
    if (this.#running !== undefined || nowMs < dueMs) return;
    if (store.appliedOffset === this.#lastAppliedOffset || !this.#pace.mayBegin(nowMs)) return;
    this.#lastStartMs = nowMs;
    this.#running = this.#run(store).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when the store may be closed. An upload may go on: it reads the copy alone. */
  async copied(): Promise<void> {
    await Promise.allSettled([this.#copying]);
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(store: StateStore): Promise<void> {
    const { ports, observe, log, stateDir, inputTopic: topic, fold } = this.#options;
    const partition = this.#partition;
    const dir = join(partitionDirs(stateDir, partition).copies, String(this.#copies++));
    try {
      const copying = store.checkpoint(dir);
      this.#copying = copying;
      const local = await copying;
      const meta = { topic, foldName: fold.name, stateVersion: fold.stateVersion };
      const { appliedOffset, uploadedBytes } = await ports.checkpoints.upload(partition, local, meta);
      this.#intervalFactor = 1;
      this.#lastAppliedOffset = appliedOffset;
      this.#last = { appliedOffset, atMs: ports.clock.nowMs(), uploadedBytes };
      const durationMs = ports.clock.monotonicMs() - this.#lastStartMs;
      observe({ kind: 'checkpointed', partition, appliedOffset, uploadedBytes, durationMs });
    } catch (thrown) {
      const error = toAppError(thrown, 'FS_CHECKPOINT_STORE_UNAVAILABLE', 'A checkpoint could not be made');
      this.#intervalFactor = Math.min(this.#intervalFactor * 2, maxIntervalFactor);
      observe({ kind: 'notCheckpointed', partition, code: error.code });
      log.warn({ partition, err: error }, 'a checkpoint could not be made, processing goes on');
    }
    await ports.files.destroy(dir).catch((thrown: unknown) => {
      log.warn({ partition, err: thrown, dir }, 'the copy of a checkpoint could not be deleted');
    });
  }
}
