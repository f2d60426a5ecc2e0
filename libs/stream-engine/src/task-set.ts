import { CheckpointPace } from './checkpoint-pace.ts';
import { type StreamEngineOptions } from './engine-options.ts';
import { type PartitionStatus, type StandbyStatus } from './partition-status.ts';
import { PartitionTask } from './partition-task.ts';
import { StandbyTask } from './standby-task.ts';

/** What is on its way out: first it has written its last, then its folder is free. */
interface Closing<State, Input> {
  readonly closed: Promise<void>;
  isClosed: boolean;
  readonly free: Promise<void>;
  /** `undefined` for a copy. */
  readonly task: PartitionTask<State, Input> | undefined;
}

/** The partitions that are open here, the copies of others', and what is closing. Each has its folder for itself. */
export class TaskSet<State, Input> {
  readonly #options: StreamEngineOptions<State, Input>;
  readonly #tasks = new Map<number, PartitionTask<State, Input>>();
  readonly #copies = new Map<number, StandbyTask<State, Input>>();
  /** A partition that comes back at once must wait until its folder is free. */
  readonly #closing = new Map<number, Closing<State, Input>>();
  readonly #offsets: Map<number, number>;
  readonly #pace: CheckpointPace;
  #wanted: readonly number[] = [];
  #wantedCopies: readonly number[] = [];

  constructor(options: StreamEngineOptions<State, Input>, localStates: ReadonlyMap<number, number>) {
    this.#options = options;
    this.#offsets = new Map(localStates);
    this.#pace = new CheckpointPace(options.limits.checkpointIntervalMs, () => this.#tasks.size);
  }

  get(partition: number): PartitionTask<State, Input> | undefined {
    return this.#tasks.get(partition);
  }

  statuses(): PartitionStatus[] {
    return [...this.#tasks.values()].map((task) => task.status).sort((a, b) => a.partition - b.partition);
  }

  standbys(): StandbyStatus[] {
    return [...this.#copies.values()].map((copy) => copy.status).sort((a, b) => a.partition - b.partition);
  }

  /** The offset that local state has reached or will have when it is closed, by partition. */
  stateOffsets(): ReadonlyMap<number, number> {
    for (const [partition, task] of this.#tasks) this.#noteOffset(partition, reached(task.status));
    for (const [partition, copy] of this.#copies) this.#noteOffset(partition, copy.status.foldedOffset);
    return this.#offsets;
  }

  assign(partitions: readonly number[], standbys: readonly number[]): void {
    this.#wanted = partitions;
    this.#wantedCopies = standbys.filter((partition) => !partitions.includes(partition));
    for (const [partition, task] of this.#tasks) if (!partitions.includes(partition)) this.#giveUp(partition, task);
    const kept = [...this.#wanted, ...this.#wantedCopies];
    for (const [partition, copy] of this.#copies) if (!kept.includes(partition)) this.#endCopy(partition, copy);
    this.#openWanted();
  }

  async release(): Promise<void> {
    this.assign([], []);
    await Promise.all([...this.#closing.values()].map(({ closed }) => closed));
  }

  async cutOff(): Promise<void> {
    for (const { task, isClosed } of this.#closing.values()) if (!isClosed) await task?.cutOff();
  }

  async stop(): Promise<void> {
    await this.release();
    await Promise.all([...this.#closing.values()].map(({ free }) => free));
  }

  #openWanted(): void {
    for (const partition of this.#wanted) {
      if (this.#tasks.has(partition) || this.#closing.has(partition)) continue;
      const copy = this.#copies.get(partition);
      this.#copies.delete(partition);
      const takeCopy = copy === undefined ? undefined : () => copy.promote();
      this.#tasks.set(partition, new PartitionTask(this.#options, partition, { pace: this.#pace, takeCopy }));
    }
    const { standby } = this.#options;
    if (standby === undefined) return;
    for (const partition of this.#wantedCopies) {
      if (this.#tasks.has(partition) || this.#copies.has(partition) || this.#closing.has(partition)) continue;
      this.#copies.set(partition, new StandbyTask(this.#options, standby, partition));
    }
  }

  #giveUp(partition: number, task: PartitionTask<State, Input>): void {
    this.#noteOffset(partition, reached(task.status));
    this.#tasks.delete(partition);
    const closed = task.stop();
    this.#whileClosing(partition, { closed, isClosed: false, free: closed.then(() => task.uploaded()), task });
  }

  #endCopy(partition: number, copy: StandbyTask<State, Input>): void {
    this.#noteOffset(partition, copy.status.foldedOffset);
    this.#copies.delete(partition);
    const closed = copy.stop();
    this.#whileClosing(partition, { closed, isClosed: false, free: closed, task: undefined });
  }

  #whileClosing(partition: number, entry: Closing<State, Input>): void {
    this.#closing.set(partition, entry);
    void entry.closed.finally(() => {
      entry.isClosed = true;
    });
    void entry.free.finally(() => {
      if (this.#closing.get(partition) === entry) this.#closing.delete(partition);
      this.#openWanted();
    });
  }

  #noteOffset(partition: number, offset: number): void {
    if (offset > 0) this.#offsets.set(partition, offset);
  }
}

/** What a local state will hold when its task closes now. */
function reached({ appliedOffset, foldedOffset, committedOffset }: PartitionStatus): number {
  return Math.max(appliedOffset, Math.min(foldedOffset, committedOffset));
}
