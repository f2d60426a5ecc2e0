import { PartitionTask, type PartitionTaskOptions } from './partition-task.ts';

/** The partitions that this process judges. */
export interface PartitionTasks {
  /** The whole set from now on: new ones are opened, others given up. */
  assign(partitions: readonly number[]): void;
  /** In partition order. */
  list(): readonly PartitionTask[];
  /** How far the memory of each partition reaches, so that the group leaves it where it is. */
  offsets(): ReadonlyMap<number, number>;
  stop(): Promise<void>;
}

export function createPartitionTasks(options: PartitionTaskOptions): PartitionTasks {
  const tasks = new Map<number, PartitionTask>();
  /** A partition that comes back at once waits until its last commit is through. */
  const closing = new Map<number, Promise<void>>();
  const wanted = new Set<number>();
  let stopped = false;

  function giveUp(partition: number, task: PartitionTask): void {
    tasks.delete(partition);
    const closed = task.stop().finally(() => {
      closing.delete(partition);
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

  function assign(partitions: readonly number[]): void {
    if (stopped) return;
    wanted.clear();
    for (const partition of partitions) wanted.add(partition);
    for (const [partition, task] of tasks) if (!wanted.has(partition)) giveUp(partition, task);
    openWanted();
  }

  const list = () => [...tasks.values()].sort((a, b) => a.partition - b.partition);
  return {
    assign,
    list,
    offsets: () =>
      new Map(
        list().flatMap(({ partition, nextOffset }): [number, number][] =>
          nextOffset === undefined ? [] : [[partition, nextOffset]],
        ),
      ),
    stop: async () => {
      assign([]);
      // The group may still hand out partitions until it is left.
      stopped = true;
      await Promise.all(closing.values());
    },
  };
}
