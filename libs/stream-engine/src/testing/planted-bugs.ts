import { type LogReader, type TransactionalSink } from '@fleetstream/kafka';
import { type StateBatch, type StateStore, type TimerChange } from '@fleetstream/state-store';
import { type EnginePorts } from '../engine-ports.ts';
import { type StreamEngineOptions } from '../engine-options.ts';
import { type Tally, type TallyInput } from './tally-fold.ts';
import { soundRules, type WorldRules } from './world-rules.ts';

type Options = StreamEngineOptions<Tally, TallyInput>;

/** An error that an engine, or what it stands on, could have. A simulation that doesn't find it is worth nothing. */
export interface PlantedBug {
  readonly name: string;
  /** What is wrong, in the words of whoever would have made the mistake. */
  readonly summary: string;
  /** Breaks what the world outside keeps to. */
  readonly rules?: WorldRules;
  /** Makes the options of each new process those of an engine with the bug. */
  readonly plant?: (options: Options) => Options;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'batch-before-transaction',
    summary: 'the states are stored before the transaction that they belong to',
    plant: withPorts(storeBeforeCommit),
  },
  {
    name: 'offset-one-ahead',
    summary: 'the committed offset is that behind the next record',
    plant: withSink((sink) => ({
      commit: ({ outputs, nextOffset }) => sink.commit({ outputs, nextOffset: nextOffset + 1 }),
    })),
  },
  {
    name: 'offset-one-behind',
    summary: 'the committed offset is that of the last record, not of the next',
    plant: withSink((sink) => ({
      commit: ({ outputs, nextOffset }) => sink.commit({ outputs, nextOffset: nextOffset - 1 }),
    })),
  },
  {
    name: 'unknown-taken-as-success',
    summary: 'a transaction whose answer was lost is taken for committed',
    plant: withSink((sink) => ({
      commit: async (transaction) => {
        try {
          await sink.commit(transaction);
        } catch (thrown) {
          if (!isUnknown(thrown)) throw thrown;
          await sink.open();
        }
      },
    })),
  },
  {
    name: 'unknown-taken-as-failure',
    summary: 'a transaction whose answer was lost is taken for aborted and sent again',
    plant: withSink((sink) => ({
      commit: async (transaction) => {
        try {
          await sink.commit(transaction);
        } catch (thrown) {
          if (!isUnknown(thrown)) throw thrown;
          await sink.open();
          await sink.commit(transaction);
        }
      },
    })),
  },
  {
    name: 'fencing-skipped',
    summary: 'a predecessor may still commit when its successor has opened',
    rules: { ...soundRules, fencing: false },
  },
  {
    name: 'late-end-taken',
    summary: 'the end of an old transaction commits whatever it finds (before KIP-890)',
    rules: { ...soundRules, lateEndsRefused: false },
  },
  {
    name: 'no-suppressed-refold',
    summary: 'a refold writes its outputs again, for the committed offset that is asked is an old one',
    plant: withSink((sink) => ({
      open: async () => {
        const committed = await sink.open();
        return committed === undefined ? undefined : Math.max(0, committed - 3);
      },
    })),
  },
  {
    name: 'commit-while-refolding',
    summary: 'offsets are committed while records are folded again: the group goes back',
    plant: withPorts(commitWhileRefolding),
  },
  {
    name: 'cache-not-rolled-back',
    summary: 'what was folded before a failure stays in memory when the partition is opened again',
    plant: keepMemory,
  },
  {
    name: 'dedup-skipped',
    summary: 'an event that was folded already is folded again',
    plant: (options) => ({
      ...options,
      fold: {
        ...options.fold,
        step: (state, input, at) =>
          options.fold.step(input.seq === undefined ? state : { ...state, seq: 0 }, input, at),
      },
    }),
  },
  {
    name: 'poison-dropped',
    summary: 'what can not be decoded is skipped in silence',
    plant: (options) => ({
      ...options,
      decode: (record) => {
        const decoded = options.decode(record);
        return decoded.kind === 'poison' ? { kind: 'tick' } : decoded;
      },
    }),
  },
  {
    name: 'timers-not-stored',
    summary: 'timers live in memory alone',
    plant: withStore((store) => ({ write: (batch) => store.write({ ...batch, timers: [] }) })),
  },
  {
    name: 'timers-not-moved',
    summary: 'a timer that was pushed further out is taken from its old place and not put into the new one',
    plant: withStore((store) => {
      const known = new Set<string>();
      const isNew = ({ key, isSet }: TimerChange) => {
        if (!isSet || known.has(key)) return !isSet;
        known.add(key);
        return true;
      };
      return { write: (batch) => store.write({ ...batch, timers: batch.timers.filter(isNew) }) };
    }),
  },
  {
    name: 'timers-left-between',
    summary: 'reading on in the stored timers leaves some out',
    plant: withStore((store) => ({ timers: (fromMs) => store.timers(fromMs <= 0 ? fromMs : fromMs + 5) })),
  },
  {
    name: 'log-time-not-stored',
    summary: 'after an opening the log time begins at zero',
    plant: withStore(() => ({ logTimeMs: 0 })),
  },
  {
    name: 'deletes-not-stored',
    summary: 'the state of a key that ended comes back',
    plant: withStore((store) => ({ write: (batch) => store.write({ ...batch, deletes: [] }) })),
  },
  {
    name: 'stale-reads',
    summary: 'reads after a batch see the states from before it',
    plant: withStore(staleReads),
  },
  {
    name: 'output-lost',
    summary: 'of a large transaction the last output is left out',
    plant: withSink((sink) => ({
      commit: ({ outputs, nextOffset }) =>
        sink.commit({ outputs: outputs.length > 8 ? outputs.slice(0, -1) : outputs, nextOffset }),
    })),
  },
  {
    name: 'record-skipped',
    summary: 'reading goes on one record behind where the state stands',
    plant: withPorts((ports) => ({
      source: {
        offsets: (partition) => ports.source.offsets(partition),
        read: (partition, from) => ports.source.read(partition, from === 0 ? 0 : from + 1),
      },
    })),
  },
  {
    name: 'torn-batch',
    summary: 'states and their offset are stored one after the other',
    rules: { ...soundRules, batchAtomic: false },
  },
  {
    name: 'checkpoint-offset-wrong',
    summary: 'a copy says that it holds one record more than it does',
    rules: { ...soundRules, copyOffsetError: 1 },
  },
  {
    name: 'manifest-before-objects',
    summary: 'the manifest of a checkpoint is written first',
    rules: { ...soundRules, manifestLast: false },
  },
  {
    name: 'collected-too-early',
    summary: 'objects are collected without a grace period',
    rules: { ...soundRules, graceMs: 0 },
  },
  {
    name: 'collected-by-newest',
    summary: 'only what the newest manifest names is kept',
    rules: { ...soundRules, everyManifestCounts: false },
  },
  {
    name: 'restore-unverified',
    summary: 'what is restored is not compared with its hashes',
    rules: { ...soundRules, restoreVerified: false },
  },
  {
    name: 'restore-in-place',
    summary: 'a restore fills the folder of the state, and is cut off halfway',
    rules: { ...soundRules, restoreAtomic: false },
  },
];

function isUnknown(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'FS_COMMIT_OUTCOME_UNKNOWN';
}

function withPorts(change: (ports: EnginePorts) => Partial<EnginePorts>): (options: Options) => Options {
  return (options) => ({ ...options, ports: { ...options.ports, ...change(options.ports) } });
}

function withSink(change: (sink: TransactionalSink) => Partial<TransactionalSink>): (options: Options) => Options {
  return withPorts((ports) => ({
    createSink: (partition) => {
      const sink = ports.createSink(partition);
      return { ...sink, ...change(sink) };
    },
  }));
}

function withStore(change: (store: StateStore) => Partial<StateStore>): (options: Options) => Options {
  return withPorts((ports) => ({
    openStore: async (options) => {
      const store = await ports.openStore(options);
      return over(store, change(store));
    },
  }));
}

/** Keeps getters getters. */
function over<Port extends object>(port: Port, changed: Partial<Port>): Port {
  return Object.create(port, Object.getOwnPropertyDescriptors(changed)) as Port;
}

/** A commit is only said to be done; it happens when the states after it have been stored. */
function storeBeforeCommit(ports: EnginePorts): Partial<EnginePorts> {
  let waiting: (() => Promise<void>)[] = [];
  const flush = async () => {
    const due = waiting;
    waiting = [];
    for (const commit of due) await commit();
  };
  return {
    createSink: (partition) => {
      const sink = ports.createSink(partition);
      return {
        ...sink,
        open: () => {
          waiting = [];
          return sink.open();
        },
        commit: async (transaction) => {
          await flush();
          waiting.push(() => sink.commit(transaction));
        },
        close: async () => {
          await flush();
          await sink.close();
        },
      };
    },
    openStore: async (options) => {
      const store = await ports.openStore(options);
      const write = async (batch: StateBatch) => {
        await store.write(batch);
        await flush();
      };
      return over(store, { write });
    },
  };
}

function commitWhileRefolding(ports: EnginePorts): Partial<EnginePorts> {
  let sink: TransactionalSink | undefined;
  let committed = 0;
  const readAndCommit = (reader: LogReader): LogReader =>
    over(reader, {
      next: async (waitMs) => {
        const batch = await reader.next(waitMs);
        if (batch !== undefined && batch.nextOffset < committed) {
          await sink?.commit({ outputs: [], nextOffset: batch.nextOffset });
        }
        return batch;
      },
      close: () => {
        reader.close();
      },
    });
  return {
    createSink: (partition) => {
      const own = ports.createSink(partition);
      sink = own;
      return { ...own, open: async () => (committed = (await own.open()) ?? 0) };
    },
    source: {
      offsets: (partition) => ports.source.offsets(partition),
      read: (partition, from) => readAndCommit(ports.source.read(partition, from)),
    },
  };
}

/** Whatever was folded last stands before the store, also in the partition's next life. */
function keepMemory(options: Options): Options {
  const { fold, decode, ports } = options;
  const keyOf = new WeakMap<object, string>();
  const latest = new Map<string, Buffer>();
  const remember = (key: string, state: Tally) => {
    latest.set(key, Buffer.concat([Buffer.from([fold.stateVersion]), Buffer.from(fold.encodeState(state))]));
  };
  return {
    ...options,
    decode: (record) => {
      const decoded = decode(record);
      if (decoded.kind === 'input') keyOf.set(decoded.input, decoded.key);
      return decoded;
    },
    fold: {
      ...fold,
      step: (state, input, at) => {
        const transition = fold.step(state, input, at);
        const key = keyOf.get(input) ?? '';
        if (transition.ended === true) latest.delete(key);
        else remember(key, transition.state);
        return transition;
      },
      onTimer: (state, key, dueMs) => {
        const transition = fold.onTimer(state, key, dueMs);
        remember(key, transition.state);
        return transition;
      },
    },
    ports: {
      ...ports,
      openStore: async (opened) => {
        const store = await ports.openStore(opened);
        return over(store, {
          getMany: async (keys) =>
            (await store.getMany(keys)).map((value, index) => latest.get(keys[index] ?? '') ?? value),
        });
      },
    },
  };
}

function staleReads(store: StateStore): Partial<StateStore> {
  const before = new Map<string, Buffer | undefined>();
  return {
    write: async (batch) => {
      const keys = batch.puts.map(({ key }) => key);
      const old = await store.getMany(keys);
      await store.write(batch);
      before.clear();
      keys.forEach((key, index) => before.set(key, old[index]));
    },
    getMany: async (keys) =>
      (await store.getMany(keys)).map((value, index) => {
        const key = keys[index] ?? '';
        return before.has(key) ? before.get(key) : value;
      }),
  };
}
