import { type TransactionalSink } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';

/** The sink of a copy, which must write nothing, until it is the owner's. */
export class HandoverSink implements TransactionalSink {
  #sink: TransactionalSink | undefined;

  handOver(sink: TransactionalSink): void {
    this.#sink = sink;
  }

  async open(): Promise<number | undefined> {
    return await this.#require().open();
  }

  async commit(transaction: Parameters<TransactionalSink['commit']>[0]): Promise<void> {
    await this.#require().commit(transaction);
  }

  async close(): Promise<void> {
    await this.#sink?.close();
  }

  #require(): TransactionalSink {
    if (this.#sink !== undefined) return this.#sink;
    throw new AppError('FS_INTERNAL', 'A copy of a partition has nothing to write');
  }
}
