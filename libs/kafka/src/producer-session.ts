import { AppError, type Log, toAppError, toMessage } from '@fleetstream/kernel';
import { type LogPosition } from './append-record.ts';
import { type IdempotentProducer, type ProduceRecord } from './idempotent-producer.ts';

export interface ProducerSessionOptions {
  /** A new producer id each time; whatever must exist for the session to count as ready is proven there. */
  readonly openProducer: () => Promise<IdempotentProducer>;
  readonly log: Log;
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
  /**
   * Appends a batch, all or unknown.
   *
   * @throws AppError FS_BROKER_UNAVAILABLE at once when not ready, or with an outcome that nobody knows.
   */
  send(batch: readonly ProduceRecord[]): Promise<LogPosition[]>;
  close(): Promise<void>;
}

/**
 * One idempotent producer at a time.
 *
 * States: connecting → ready → connecting (after any failed send) … → closed. Only `ready` sends.
 *
 * Why a failed send costs the producer its life: nobody knows whether the broker appended the batch, and so which
 * sequence number comes next. With the number of a batch that was appended, another of as many records is taken for
 * its repetition and acknowledged without being appended: an acknowledged loss. A new producer has a new id, so its
 * numbers can be mistaken for nobody's. (Repetitions within one send carry the very same batch, for which the same
 * numbers are right.)
 */
export function createProducerSession(options: ProducerSessionOptions): ProducerSession {
  return new Session(options);
}

class Session implements ProducerSession {
  readonly #options: ProducerSessionOptions;
  /** Set while ready. */
  #producer: IdempotentProducer | undefined;
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

  async send(batch: readonly ProduceRecord[]): Promise<LogPosition[]> {
    const producer = this.#producer;
    if (producer === undefined) {
      throw new AppError('FS_BROKER_UNAVAILABLE', 'There is no connection to the log; reconnecting.');
    }
    try {
      return await withDeadline(producer.send(batch), this.#options.timeoutMs, 'The log did not acknowledge');
    } catch (thrown) {
      this.#discard(producer, thrown);
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

  #discard(producer: IdempotentProducer, reason: unknown): void {
    if (this.#producer !== producer) return;
    this.#producer = undefined;
    const { log } = this.#options;
    log.warn({ reason: toMessage(reason) }, 'a batch has an unknown outcome: making a new producer');
    void hangUp(producer, log);
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

  async #connect(): Promise<IdempotentProducer> {
    const { openProducer, log, timeoutMs } = this.#options;
    const opening = openProducer();
    try {
      return await withDeadline(opening, timeoutMs, 'The broker did not answer');
    } catch (thrown) {
      void opening.then((late) => hangUp(late, log)).catch(() => undefined);
      throw thrown;
    }
  }
}

async function hangUp(producer: IdempotentProducer, log: Log): Promise<void> {
  try {
    await producer.close();
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
