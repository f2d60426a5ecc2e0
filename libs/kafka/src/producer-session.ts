import { AppError, type Log, toAppError, toMessage } from '@fleetstream/kernel';
import { type Kafka, type Producer, type ProducerBatch, type RecordMetadata } from 'kafkajs';
import { createNotingPartitioner, type PartitionNotes } from './noting-partitioner.ts';

export interface ProducerSessionOptions {
  readonly kafka: Pick<Kafka, 'producer'>;
  readonly log: Log;
  /** Topics whose metadata must be readable for the session to count as ready. */
  readonly topics: readonly string[];
  /** For one send or one attempt to connect, in milliseconds. */
  readonly timeoutMs: number;
  /** Between attempts to reconnect; doubled from the first to the second. */
  readonly retryMsMin: number;
  readonly retryMsMax: number;
}

export interface ProducerSession {
  /** Resolves after the first attempt to connect, whatever came of it; attempts go on in the background. */
  open(): Promise<void>;
  ready(): boolean;
  /** Where kafkajs put the messages of the last sends, by message object. */
  readonly notes: PartitionNotes;
  /**
   * Sends a batch and reads the answer; a `read` that throws counts as a failed send.
   *
   * @throws AppError FS_BROKER_UNAVAILABLE at once when not ready, or with an outcome that nobody knows.
   */
  send<Answer>(batch: ProducerBatch, read: (metadata: RecordMetadata[]) => Answer): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * One idempotent kafkajs producer at a time.
 *
 * States: connecting → ready → connecting (after any failed send) … → closed. Only `ready` sends.
 *
 * Why a failed send costs the producer its life: kafkajs takes a failed request's sequence numbers back although the
 * broker may have appended the records. The next batch would carry the same numbers; where it has as many records, the
 * broker takes it for a repetition of the lost one and acknowledges it without appending it. That is an acknowledged
 * loss. A new producer has a new producer id, so its numbers can be mistaken for nobody's. (kafkajs' own retries within
 * one send repeat the very same batch, for which the same numbers are right.)
 */
export function createProducerSession(options: ProducerSessionOptions): ProducerSession {
  return new Session(options);
}

class Session implements ProducerSession {
  readonly #options: ProducerSessionOptions;
  readonly notes: PartitionNotes = new WeakMap();
  /** Set while ready. */
  #producer: Producer | undefined;
  #connecting: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(options: ProducerSessionOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#connecting = this.#connectUntilReady(resolve);
    });
  }

  ready(): boolean {
    return this.#producer !== undefined;
  }

  async send<Answer>(batch: ProducerBatch, read: (metadata: RecordMetadata[]) => Answer): Promise<Answer> {
    const producer = this.#producer;
    if (producer === undefined) {
      throw new AppError('FS_BROKER_UNAVAILABLE', 'There is no connection to the log; reconnecting.');
    }
    const sending = producer.sendBatch(batch);
    try {
      return read(await withDeadline(sending, this.#options.timeoutMs, 'The log did not acknowledge'));
    } catch (thrown) {
      this.#discard(producer, sending, thrown);
      throw toAppError(thrown, 'FS_BROKER_UNAVAILABLE', `The log took no batch: ${toMessage(thrown)}`);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connecting;
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await hangUp(producer, this.#options.log);
  }

  #discard(producer: Producer, sending: Promise<unknown>, reason: unknown): void {
    if (this.#producer !== producer) return;
    this.#producer = undefined;
    const { log } = this.#options;
    log.warn({ reason: toMessage(reason) }, 'a batch has an unknown outcome: making a new producer');
    void hangUp(producer, log);
    // A send that was abandoned may still be retrying inside kafkajs, and reconnects to do so: hang up on it again.
    void sending.catch(() => undefined).then(() => hangUp(producer, log));
    this.#connecting = this.#connectUntilReady(() => undefined);
  }

  async #connectUntilReady(onFirstAttempt: () => void): Promise<void> {
    const { log, retryMsMin, retryMsMax } = this.#options;
    const { signal } = this.#closing;
    let waitMs = retryMsMin;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const producer = await this.#connect();
        this.#producer = producer;
        if (attempt > 1) log.info({ attempt }, 'the log answers again');
        onFirstAttempt();
        return;
      } catch (thrown) {
        log.warn({ attempt, retryInMs: waitMs, reason: toMessage(thrown) }, 'no connection to the log');
        onFirstAttempt();
      }
      await sleep(waitMs, signal);
      waitMs = Math.min(waitMs * 2, retryMsMax);
    }
    onFirstAttempt();
  }

  async #connect(): Promise<Producer> {
    const { kafka, log, timeoutMs, topics } = this.#options;
    const producer = kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner: createNotingPartitioner(this.notes),
      // kafkajs would retry an idempotent send for ever; the sender, who can dedup, decides instead.
      retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 500 },
    });
    // Sending nothing fetches the topics' metadata and thereby proves that they exist.
    const connecting = producer
      .connect()
      .then(() => producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages: [] })) }));
    try {
      await withDeadline(connecting, timeoutMs, 'The broker did not answer');
      return producer;
    } catch (thrown) {
      void connecting.catch(() => undefined).then(() => hangUp(producer, log));
      throw thrown;
    }
  }
}

async function hangUp(producer: Producer, log: Log): Promise<void> {
  try {
    await producer.disconnect();
  } catch (thrown) {
    log.debug({ reason: toMessage(thrown) }, 'a producer did not disconnect cleanly');
  }
}

async function withDeadline<Value>(work: Promise<Value>, timeoutMs: number, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AppError('FS_BROKER_UNAVAILABLE', `${what} within ${timeoutMs} ms.`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
