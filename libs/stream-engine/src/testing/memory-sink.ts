import { type TransactionalSink } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';
import { type MemoryProcess } from './memory-process.ts';
import { type MemoryTransaction } from './memory-world.ts';

/** The broker's transactions: epochs that fence, ends whose answer is lost, ends that arrive late. */
export function createMemorySink(process: MemoryProcess): TransactionalSink {
  const { world } = process;
  let epoch: number | undefined;
  const isFenced = () => world.rules.fencing && epoch !== world.epoch;
  const assertOurs = () => {
    if (isFenced()) throw new AppError('FS_TASK_FENCED', 'a newer one has opened');
  };
  return {
    open: async () => {
      await process.step('sink opens', 'FS_BROKER_UNAVAILABLE');
      epoch = ++world.epoch;
      process.epoch = epoch;
      // What a predecessor had begun is aborted before anything else.
      world.pending = undefined;
      await process.step(`sink has epoch ${epoch}`, 'FS_BROKER_UNAVAILABLE');
      await process.step(`sink read the committed offset ${world.committed ?? 'none'}`);
      return world.committed;
    },
    commit: async ({ outputs, nextOffset }) => {
      await process.step(`commits up to ${nextOffset} with ${outputs.length} outputs`);
      if (epoch === undefined) throw new AppError('FS_COMMIT_OUTCOME_UNKNOWN', 'the sink is not open');
      assertOurs();
      const transaction: MemoryTransaction = { epoch, outputs: [...outputs], nextOffset };
      world.pending = transaction;
      await process.step('transaction: records written');
      assertOurs();
      const fate = process.isTroubled() ? world.random.between(0, 2) : undefined;
      if (fate === undefined || fate === 0) {
        if (world.pending === transaction) world.pending = undefined;
        world.endTransaction(transaction);
      } else if (fate === 1) {
        world.strays.push(transaction);
      }
      await process.step('transaction: its end was sent');
      if (fate === undefined) return;
      epoch = undefined;
      throw new AppError('FS_COMMIT_OUTCOME_UNKNOWN', 'the answer was lost');
    },
    close: async () => {
      epoch = undefined;
      await process.step('sink closes');
    },
  };
}
