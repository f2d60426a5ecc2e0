import { AppError } from '@fleetstream/kernel';
import { type LogPosition } from './append-record.ts';
import { type ProduceRecord } from './idempotent-producer.ts';

/** One record of an `append` call, waiting or in flight. */
export interface QueuedRecord {
  readonly record: ProduceRecord;
  readonly sizeBytes: number;
  readonly call: AppendCall;
  /** Its place in the call. */
  readonly index: number;
}

/** One `append` call: settled when all its records are, or with the first failure. */
interface AppendCall {
  readonly positions: LogPosition[];
  left: number;
  readonly resolve: (positions: LogPosition[]) => void;
  readonly reject: (error: AppError) => void;
}

export interface AppendQueueLimits {
  readonly maxBatchRecords: number;
  readonly maxBatchBytes: number;
  readonly maxWaitingBytes: number;
}

/** First in, first out; cuts batches by records and bytes, and refuses what exceeds the bytes that may wait. */
export interface AppendQueue {
  add(records: readonly Omit<QueuedRecord, 'call' | 'index'>[]): Promise<LogPosition[]>;
  isEmpty(): boolean;
  /** Whether waiting longer would not make the next batch larger. */
  fillsBatch(): boolean;
  takeBatch(): QueuedRecord[];
  settle(batch: readonly QueuedRecord[], positions: readonly LogPosition[]): void;
  fail(batch: readonly QueuedRecord[], error: AppError): void;
  /** Fails whatever waits and isn't in a batch. */
  failAll(error: AppError): void;
  /** Waiting and in flight. */
  waitingBytes(): number;
}

export function createAppendQueue(limits: AppendQueueLimits): AppendQueue {
  return new Queue(limits);
}

class Queue implements AppendQueue {
  readonly #limits: AppendQueueLimits;
  #waiting: QueuedRecord[] = [];
  #waitingBytes = 0;
  #heldBytes = 0;

  constructor(limits: AppendQueueLimits) {
    this.#limits = limits;
  }

  async add(records: readonly Omit<QueuedRecord, 'call' | 'index'>[]): Promise<LogPosition[]> {
    const sizeBytes = records.reduce((sum, record) => sum + record.sizeBytes, 0);
    const largest = records.reduce((most, record) => Math.max(most, record.sizeBytes), 0);
    if (largest > this.#limits.maxBatchBytes) {
      throw new AppError('FS_EVENT_TOO_LARGE', `A record of ${largest} bytes exceeds a whole batch.`);
    }
    if (this.#heldBytes + sizeBytes > this.#limits.maxWaitingBytes) {
      throw new AppError('FS_OVERLOADED', `${this.#heldBytes} bytes wait for the log already.`);
    }
    return await new Promise<LogPosition[]>((resolve, reject) => {
      const call: AppendCall = { positions: [], left: records.length, resolve, reject };
      records.forEach((record, index) => this.#waiting.push({ ...record, call, index }));
      this.#waitingBytes += sizeBytes;
      this.#heldBytes += sizeBytes;
    });
  }

  isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  fillsBatch(): boolean {
    return this.#waiting.length >= this.#limits.maxBatchRecords || this.#waitingBytes >= this.#limits.maxBatchBytes;
  }

  takeBatch(): QueuedRecord[] {
    let sizeBytes = 0;
    let count = 0;
    for (const record of this.#waiting) {
      if (count === this.#limits.maxBatchRecords || sizeBytes + record.sizeBytes > this.#limits.maxBatchBytes) break;
      sizeBytes += record.sizeBytes;
      count += 1;
    }
    this.#waitingBytes -= sizeBytes;
    return this.#waiting.splice(0, count);
  }

  settle(batch: readonly QueuedRecord[], positions: readonly LogPosition[]): void {
    this.#release(batch);
    batch.forEach(({ call, index }, place) => {
      const position = positions[place];
      if (position === undefined) return;
      call.positions[index] = position;
      call.left -= 1;
      if (call.left === 0) call.resolve(call.positions);
    });
  }

  fail(batch: readonly QueuedRecord[], error: AppError): void {
    this.#release(batch);
    for (const { call } of batch) call.reject(error);
  }

  failAll(error: AppError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.fail(waiting, error);
  }

  waitingBytes(): number {
    return this.#heldBytes;
  }

  #release(batch: readonly QueuedRecord[]): void {
    for (const { sizeBytes } of batch) this.#heldBytes -= sizeBytes;
  }
}
