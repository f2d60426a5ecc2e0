import { type LogReader, type TransactionalSink } from '@fleetstream/kafka';
import { type CheckpointStore, type StateStore } from '@fleetstream/state-store';
import { type EnginePorts } from '@fleetstream/stream-engine';
import { type Trap } from './fault-points.ts';
import { over } from './over.ts';

/** The engine's ports with a trap before, in and behind everything that changes something outside of the process. */
export function trapPorts(ports: EnginePorts, trap: Trap): EnginePorts {
  const committed = new Map<number, number>();
  return over(ports, {
    source: over(ports.source, {
      read: (partition, fromOffset) => {
        const reader = ports.source.read(partition, fromOffset);
        return trapReader(reader, trap, fromOffset, () => committed.get(partition) ?? 0);
      },
    }),
    createSink: (partition) =>
      trapSink(ports.createSink(partition), trap, (offset) => {
        committed.set(partition, offset);
      }),
    openStore: async (options) => {
      const store = await ports.openStore(options);
      trap('state-opened');
      return trapStore(store, trap);
    },
    checkpoints: trapCheckpoints(ports.checkpoints, trap),
    ticks: {
      tick: async (partition) => {
        trap('before-tick');
        await ports.ticks.tick(partition);
        trap('after-tick');
      },
    },
  });
}

function trapReader(reader: LogReader, trap: Trap, fromOffset: number, committed: () => number): LogReader {
  let first = true;
  return over(reader, {
    next: async (waitMs) => {
      // Asked for the next batch, the one before is folded, and neither committed nor stored.
      if (!first) trap('folded');
      const batch = await reader.next(waitMs);
      if (batch !== undefined && first && fromOffset < committed()) setImmediate(trap, 'refold');
      if (batch !== undefined) first = false;
      return batch;
    },
  });
}

function trapSink(sink: TransactionalSink, trap: Trap, onOpened: (committed: number) => void): TransactionalSink {
  return over(sink, {
    open: async () => {
      trap('before-open');
      const committed = await sink.open();
      onOpened(committed ?? 0);
      trap('fenced');
      return committed;
    },
    commit: async (transaction) => {
      trap('before-transaction');
      const committing = sink.commit(transaction);
      // A few requests follow one another: each time another one is under way.
      setTimeout(trap, 2, 'during-transaction');
      await committing;
      onOpened(transaction.nextOffset);
      trap('after-transaction');
    },
    close: async () => {
      trap('close');
      await sink.close();
    },
  });
}

function trapStore(store: StateStore, trap: Trap): StateStore {
  return over(store, {
    write: async (batch) => {
      trap('before-batch');
      const writing = store.write(batch);
      setImmediate(trap, 'during-batch');
      await writing;
      trap('after-batch');
    },
    checkpoint: async (targetDir) => {
      const copying = store.checkpoint(targetDir);
      setTimeout(trap, 1, 'flush');
      const copy = await copying;
      trap('copied');
      return copy;
    },
  });
}

function trapCheckpoints(checkpoints: CheckpointStore, trap: Trap): CheckpointStore {
  return over(checkpoints, {
    restore: async (partition, targetDir, wanted) => {
      const outcome = await checkpoints.restore(partition, targetDir, wanted);
      if (outcome.restored !== undefined) trap('restored');
      return outcome;
    },
  });
}
