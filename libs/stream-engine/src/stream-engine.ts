import { AppError } from '@fleetstream/kernel';
import { type StreamEngineOptions } from './engine-options.ts';
import { type AsOf, type PartitionSnapshot, type PartitionStatus } from './partition-status.ts';
import { PartitionTask } from './partition-task.ts';

/** Read your own write: the answer holds every record before `minOffset`, or there is none. */
export interface ReadAfter {
  readonly minOffset: number;
  readonly withinMs: number;
}

/** Runs a fold over the partitions it is given, exactly once. */
export interface StreamEngine {
  /** The whole set of partitions that this process owns from now on: new ones are opened, others given up. */
  assign(partitions: readonly number[]): void;
  /**
   * Only what is committed is shown: the answer waits for the commit of what it shows, no longer than the next one.
   *
   * @returns the state's text, `undefined` for a key without one
   * @throws AppError FS_NOT_READY when the partition isn't open here, FS_OFFSET_NOT_REACHED
   */
  getState(
    partition: number,
    key: string,
    after?: ReadAfter,
  ): Promise<{ readonly stateText: string | undefined; readonly asOf: AsOf }>;
  /**
   * A look at the whole partition. It forces nothing: what was folded is shown as soon as its commit is through.
   *
   * @throws AppError FS_NOT_READY, FS_OFFSET_NOT_REACHED
   */
  snapshot(partition: number, after?: ReadAfter): Promise<PartitionSnapshot>;
  /** In partition order. */
  statuses(): PartitionStatus[];
  /** The offset that local state has reached, for each partition there is local state of: for the assigner. */
  stateOffsets(): ReadonlyMap<number, number>;
  /** Resolves when every partition has committed, stored and closed. */
  stop(): Promise<void>;
}

/** @param localStates what lies in `stateDir` from earlier lives, by partition */
export function createStreamEngine<State, Input>(
  options: StreamEngineOptions<State, Input>,
  localStates: ReadonlyMap<number, number>,
): StreamEngine {
  const tasks = new Map<number, PartitionTask<State, Input>>();
  const offsets = new Map(localStates);
  /** A partition that comes back at once must wait until its folder is free. */
  const closing = new Map<number, Promise<void>>();
  const wanted = new Set<number>();

  function noteOffset(partition: number, appliedOffset: number): void {
    if (appliedOffset > 0) offsets.set(partition, appliedOffset);
  }

  function giveUp(partition: number, task: PartitionTask<State, Input>): void {
    noteOffset(partition, task.status.appliedOffset);
    tasks.delete(partition);
    const closed = task.stop().finally(() => {
      if (closing.get(partition) === closed) closing.delete(partition);
      openWanted();
    });
    closing.set(partition, closed);
  }

  function openWanted(): void {
    for (const partition of wanted) {
      if (tasks.has(partition) || closing.has(partition)) continue;
      tasks.set(partition, new PartitionTask(options, partition));
    }
  }

  function require(partition: number): PartitionTask<State, Input> {
    const task = tasks.get(partition);
    if (task === undefined) throw new AppError('FS_NOT_READY', `Partition ${partition} is not open here`);
    return task;
  }

  function assign(partitions: readonly number[]): void {
    wanted.clear();
    for (const partition of partitions) wanted.add(partition);
    for (const [partition, task] of tasks) if (!wanted.has(partition)) giveUp(partition, task);
    openWanted();
  }

  return {
    assign,
    getState: async (partition, key, after) => await require(partition).getState(key, after),
    snapshot: async (partition, after) => await require(partition).snapshot(after),
    statuses: () => [...tasks.values()].map((task) => task.status).sort((a, b) => a.partition - b.partition),
    stateOffsets: () => {
      for (const [partition, task] of tasks) noteOffset(partition, task.status.appliedOffset);
      return offsets;
    },
    stop: async () => {
      assign([]);
      await Promise.all(closing.values());
    },
  };
}
