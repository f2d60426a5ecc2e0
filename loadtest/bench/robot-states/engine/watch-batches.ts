import { type EnginePorts, type EngineEvent } from '@fleetstream/stream-engine';
import { createCheckpointMoments } from './checkpoint-moments.ts';
import { type BatchTimes, type PhaseTimes } from './state-engine-run.ts';

/**
 * Times what a partition's records wait for: from the moment a batch was fetched until it is folded (states read from
 * the disk included), each transaction, and each write of states. A time that a checkpoint of any partition touched
 * counts as one during it. Beside them what may be the cause: reads of states, and how late the event loop is.
 */
export interface BatchWatch {
  readonly begin: (partition: number) => void;
  readonly observe: (event: EngineEvent) => void;
  /** The same ports, with checkpoints and reads noticed. */
  readonly ports: (ports: EnginePorts) => EnginePorts;
  /** What was timed since the last call. */
  take(): BatchTimes;
}

const loopTickMs = 5;

export function createBatchWatch(nowMs: () => number): BatchWatch {
  const begun = new Map<number, number>();
  const checkpoints = createCheckpointMoments(nowMs);
  let times = noTimes();
  const note = (phase: keyof PhaseTimes, durationMs: number): void => {
    times[checkpoints.touched(durationMs)][phase].push(Number(durationMs.toFixed(2)));
  };
  const timed = async <Answer>(phase: keyof PhaseTimes, work: () => Promise<Answer>): Promise<Answer> => {
    const startMs = nowMs();
    try {
      return await work();
    } finally {
      note(phase, nowMs() - startMs);
    }
  };
  const asCheckpoint = async <Answer>(phase: 'copy' | 'upload', work: () => Promise<Answer>): Promise<Answer> => {
    checkpoints.begin();
    try {
      return await timed(phase, work);
    } finally {
      checkpoints.end();
    }
  };
  let lastTickMs = nowMs();
  setInterval(() => {
    note('loop', Math.max(0, nowMs() - lastTickMs - loopTickMs));
    lastTickMs = nowMs();
  }, loopTickMs);
  return {
    begin: (partition) => begun.set(partition, nowMs()),
    observe: (event) => {
      if (event.kind === 'committed') note('commit', event.durationMs);
      if (event.kind === 'stateWritten') note('store', event.durationMs);
      const startMs = event.kind === 'folded' ? begun.get(event.partition) : undefined;
      if (startMs !== undefined) note('fold', nowMs() - startMs);
    },
    ports: (ports) => ({
      ...ports,
      openStore: async (options) => {
        const store = await ports.openStore(options);
        const checkpoint = store.checkpoint.bind(store);
        store.checkpoint = (dir) => asCheckpoint('copy', () => checkpoint(dir));
        const getMany = store.getMany.bind(store);
        store.getMany = (keys) => timed('read', () => getMany(keys));
        return store;
      },
      checkpoints: {
        ...ports.checkpoints,
        upload: (...given) => asCheckpoint('upload', () => ports.checkpoints.upload(...given)),
      },
    }),
    take: () => {
      const taken = times;
      times = noTimes();
      return taken;
    },
  };
}

function noTimes() {
  const none = () => ({ fold: [], commit: [], store: [], read: [], loop: [], copy: [], upload: [] }) as WritableTimes;
  return { during: none(), control: none(), without: none() };
}

type WritableTimes = Record<keyof PhaseTimes, number[]>;
