import { createLogSource } from '@fleetstream/kafka';
import { AppError, type Log } from '@fleetstream/kernel';

export interface OutputWatchOptions {
  readonly kafka: Parameters<typeof createLogSource>[0]['kafka'];
  readonly topic: string;
  readonly partitions: number;
  readonly robots: number;
  readonly log: Log;
}

/** What a reader of committed records sees of one engine's outputs, as it comes. */
export interface OutputWatch {
  /**
   * Waits until each of `partitions` has shown an output of an event appended after `sinceMs`.
   *
   * @returns for each partition when that was, in milliseconds after `sinceMs`
   * @throws AppError FS_NOT_READY when it takes longer than `timeoutMs`
   */
  firstAfter(sinceMs: number, partitions: readonly number[], timeoutMs: number): Promise<ReadonlyMap<number, number>>;
  /** The outputs that have come so far. */
  seen(): number;
  /** Against what was appended: outputs that never came, came twice, or tell a state that was not the robot's. */
  compare(appended: Uint32Array): { readonly lost: number; readonly wrong: number };
  stop(): Promise<void>;
}

const pollMs = 5;
const readWaitMs = 100;

export async function watchOutputs(options: OutputWatchOptions): Promise<OutputWatch> {
  const { kafka, topic, partitions, robots, log } = options;
  const source = createLogSource({ kafka, topic, log, maxWaitMs: 20 });
  await source.start();
  const counts = new Uint32Array(robots).fill(1);
  const firsts = new Map<number, number>();
  let since = Number.POSITIVE_INFINITY;
  let seen = 0;
  let wrong = 0;
  let failure: unknown;
  let stopped = false;
  const note = (partition: number, text: string): void => {
    const output = JSON.parse(text) as { robotId: string; ts: number; count: number };
    seen += 1;
    const robot = Number(output.robotId.slice(6));
    const before = counts[robot] ?? 0;
    if (output.count === before + 1) counts[robot] = output.count;
    else wrong += 1;
    if (output.ts > since && !firsts.has(partition)) firsts.set(partition, Date.now() - since);
  };
  const reading = Array.from({ length: partitions }, async (_, partition) => {
    const reader = source.read(partition, 0);
    while (!stopped) {
      const batch = await reader.next(readWaitMs);
      for (const { value } of batch?.records ?? []) note(partition, value?.toString('latin1') ?? '{}');
    }
  });
  for (const one of reading) {
    one.catch((thrown: unknown) => {
      failure ??= thrown;
    });
  }
  return {
    firstAfter: async (sinceMs, wanted, timeoutMs) => {
      firsts.clear();
      since = sinceMs;
      while (wanted.some((partition) => !firsts.has(partition))) {
        if (failure !== undefined) throw failure as Error;
        if (Date.now() - sinceMs > timeoutMs) {
          const missing = wanted.filter((partition) => !firsts.has(partition)).join(', ');
          throw new AppError('FS_NOT_READY', `No new output of partitions ${missing} within ${timeoutMs} ms`);
        }
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
      return new Map(wanted.map((partition) => [partition, firsts.get(partition) ?? 0]));
    },
    seen: () => seen,
    compare: (appended) => {
      let lost = 0;
      for (const [robot, count] of appended.entries()) lost += Math.max(0, count - (counts[robot] ?? 0));
      return { lost, wrong };
    },
    stop: async () => {
      stopped = true;
      await Promise.allSettled(reading);
      await source.stop();
    },
  };
}
