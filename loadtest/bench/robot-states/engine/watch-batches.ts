import { type EnginePorts, type EngineEvent } from '@fleetstream/stream-engine';
import { type BatchTimes } from './state-engine-run.ts';

/**
 * Times what a partition's records wait for: from the moment a batch was fetched until it is folded (states read from
 * the disk included), each transaction, and each write of states. A time that a checkpoint of any partition touched
 * counts as one during it.
 */
export interface BatchWatch {
  readonly begin: (partition: number) => void;
  readonly observe: (event: EngineEvent) => void;
  /** The same ports, with checkpoints noticed. */
  readonly ports: (ports: EnginePorts) => EnginePorts;
  /** What was timed since the last call. */
  take(): BatchTimes;
}

export function createBatchWatch(nowMs: () => number): BatchWatch {
  const begun = new Map<number, number>();
  let running = 0;
  let lastEndMs = Number.NEGATIVE_INFINITY;
  let during: number[] = [];
  let without: number[] = [];
  const note = (durationMs: number): void => {
    const isTouched = running > 0 || lastEndMs > nowMs() - durationMs;
    (isTouched ? during : without).push(Number(durationMs.toFixed(2)));
  };
  const asCheckpoint = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      lastEndMs = nowMs();
    }
  };
  return {
    begin: (partition) => begun.set(partition, nowMs()),
    observe: (event) => {
      if (event.kind === 'committed' || event.kind === 'stateWritten') note(event.durationMs);
      const startMs = event.kind === 'folded' ? begun.get(event.partition) : undefined;
      if (startMs !== undefined) note(nowMs() - startMs);
    },
    ports: (ports) => ({
      ...ports,
      openStore: async (options) => {
        const store = await ports.openStore(options);
        const checkpoint = store.checkpoint.bind(store);
        store.checkpoint = (dir) => asCheckpoint(() => checkpoint(dir));
        return store;
      },
      checkpoints: {
        ...ports.checkpoints,
        upload: (...given) => asCheckpoint(() => ports.checkpoints.upload(...given)),
      },
    }),
    take: () => {
      const taken = { during, without };
      [during, without] = [[], []];
      return taken;
    },
  };
}
