import { type LogBatch, type LogReader } from '@fleetstream/kafka';

/** A copy waits this long for records at most, so that it looks at what is committed and whether it is wanted again. */
const maxWaitMs = 50;

/**
 * Reads a partition only as far as its owner has committed: a copy that went further would hold what the next owner
 * still has to write outputs for. Lifted, the limit is gone and the reader goes on as any other, nothing left out.
 */
export class CommittedReader implements LogReader {
  readonly #reader: LogReader;
  #limit: number | undefined = 0;
  #position: number;
  #held: LogBatch | undefined;

  constructor(reader: LogReader, fromOffset: number) {
    this.#reader = reader;
    this.#position = fromOffset;
  }

  get endOffset(): number {
    return this.#reader.endOffset;
  }

  /** The owner has committed up to there. It never goes back. */
  raise(limit: number): void {
    if (this.#limit !== undefined) this.#limit = Math.max(this.#limit, limit);
  }

  lift(): void {
    this.#limit = undefined;
  }

  async next(waitMs: number): Promise<LogBatch | undefined> {
    const held =
      this.#held ?? (await this.#reader.next(this.#limit === undefined ? waitMs : Math.min(waitMs, maxWaitMs)));
    this.#held = undefined;
    if (held === undefined) return undefined;
    const limit = this.#limit;
    if (limit === undefined || held.nextOffset <= limit) {
      this.#position = held.nextOffset;
      return held;
    }
    const cut = held.records.findIndex(({ offset }) => offset >= limit);
    // Past the last record there may be offsets without one; they are nobody's until the batch is read whole.
    const count = cut === -1 ? held.records.length : cut;
    this.#held = { ...held, records: held.records.slice(count) };
    if (limit <= this.#position) return undefined;
    this.#position = limit;
    return { ...held, records: held.records.slice(0, count), nextOffset: limit };
  }

  close(): void {
    this.#reader.close();
  }
}
