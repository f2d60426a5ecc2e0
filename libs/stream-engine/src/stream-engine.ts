import { AppError } from '@fleetstream/kernel';
import { type StreamEngineOptions } from './engine-options.ts';
import { assertDrillable, type DrillReport, type DrillRequest, runFireDrill } from './fire-drill.ts';
import { type AsOf, type PartitionSnapshot, type PartitionStatus, type StandbyStatus } from './partition-status.ts';
import { type PartitionTask } from './partition-task.ts';
import { TaskSet } from './task-set.ts';

/** Read your own write: the answer holds every record before `minOffset`, or there is none. */
export interface ReadAfter {
  readonly minOffset: number;
  readonly withinMs: number;
}

/** Runs a fold over the partitions it is given, exactly once. */
export interface StreamEngine {
  /**
   * The whole set of partitions that this process owns from now on: new ones are opened, others given up; what stays
   * goes on undisturbed. Of `standbys` it keeps copies, which make an opening of theirs short.
   */
  assign(partitions: readonly number[], standbys?: readonly number[]): void;
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
  /**
   * Proves at leisure that the partition could be recovered from its newest checkpoint and the log, see `runFireDrill`.
   *
   * @throws AppError FS_NOT_READY when the partition isn't open here, or has made no checkpoint yet
   */
  drill(partition: number, request: DrillRequest): Promise<DrillReport>;
  /** In partition order. */
  statuses(): PartitionStatus[];
  /** The offset that local state has reached, for each partition there is local state of: for the assigner. */
  stateOffsets(): ReadonlyMap<number, number>;
  /** The copies of others' partitions that are here, in partition order. */
  standbys(): StandbyStatus[];
  /** Resolves when every partition has committed, stored and closed: then they may be others'. */
  release(): Promise<void>;
  /** What has not closed yet writes nothing any more. */
  cutOff(): Promise<void>;
  /** Releases, and waits a little for uploads under way. */
  stop(): Promise<void>;
}

/** @param localStates what lies in `stateDir` from earlier lives, by partition */
export function createStreamEngine<State, Input>(
  options: StreamEngineOptions<State, Input>,
  localStates: ReadonlyMap<number, number>,
): StreamEngine {
  const tasks = new TaskSet(options, localStates);

  function require(partition: number): PartitionTask<State, Input> {
    const task = tasks.get(partition);
    if (task === undefined) throw new AppError('FS_NOT_READY', `Partition ${partition} is not open here`);
    return task;
  }

  return {
    assign: (partitions, standbys = []) => {
      tasks.assign(partitions, standbys);
    },
    getState: async (partition, key, after) => await require(partition).getState(key, after),
    snapshot: async (partition, after) => await require(partition).snapshot(after),
    drill: async (partition, request) => {
      const task = require(partition);
      assertDrillable(partition, task.status.lastCheckpoint !== undefined);
      return await runFireDrill(options, partition, () => task.snapshot(), request);
    },
    statuses: () => tasks.statuses(),
    standbys: () => tasks.standbys(),
    stateOffsets: () => tasks.stateOffsets(),
    release: () => tasks.release(),
    cutOff: () => tasks.cutOff(),
    stop: () => tasks.stop(),
  };
}
