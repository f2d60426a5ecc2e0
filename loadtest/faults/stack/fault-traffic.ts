import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer, type LogProducer } from '@fleetstream/kafka';
import { AppError, silentLog } from '@fleetstream/kernel';
import { type AcknowledgedEvent } from '@fleetstream/testing';
import { type HistoryItem } from '../restore/seeded-history.ts';
import { PacedLoop } from './paced-loop.ts';

export interface FaultTrafficOptions {
  readonly brokers: string;
  readonly history: Iterator<HistoryItem, void>;
  readonly ratePerSecond: number;
}

/** A steady stream of a history into the log, as robots would send it: what wasn't acknowledged is sent again. */
export interface FaultTraffic {
  /** What was acknowledged so far. */
  readonly journal: readonly AcknowledgedEvent[];
  readonly appended: number;
  /** Sends whose outcome nobody knows, each of which was repeated. */
  readonly repeatedSends: number;
  resume(): void;
  /** Resolves when nothing is on its way and everything that was begun is acknowledged. */
  pause(): Promise<void>;
  stop(): Promise<void>;
}

const retryMs = 100;

export async function startFaultTraffic({
  brokers,
  history,
  ratePerSecond,
}: FaultTrafficOptions): Promise<FaultTraffic> {
  const kafka = createKafkaClient({ brokers: [brokers], clientId: 'fault-traffic', log: silentLog });
  const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events], timeoutMs: 3000 });
  const stopProducer = await producer.start();
  const traffic = new Traffic(producer, history, ratePerSecond);
  return {
    journal: traffic.journal,
    get appended() {
      return traffic.appended;
    },
    get repeatedSends() {
      return traffic.repeatedSends;
    },
    resume: () => {
      traffic.resume();
    },
    pause: () => traffic.pause(),
    stop: async () => {
      await traffic.end();
      await stopProducer();
    },
  };
}

class Traffic {
  readonly journal: AcknowledgedEvent[] = [];
  appended = 0;
  repeatedSends = 0;
  readonly #producer: LogProducer;
  readonly #history: Iterator<HistoryItem, void>;
  readonly #loop: PacedLoop;
  #ended = false;

  constructor(producer: LogProducer, history: Iterator<HistoryItem, void>, ratePerSecond: number) {
    this.#producer = producer;
    this.#history = history;
    this.#loop = new PacedLoop(ratePerSecond, (count) => this.#send(this.#take(count)));
  }

  resume(): void {
    this.#loop.resume();
  }

  pause(): Promise<void> {
    return this.#loop.pause();
  }

  /** Gives up what isn't acknowledged. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.pause();
  }

  #take(count: number): HistoryItem[] {
    const items: HistoryItem[] = [];
    while (items.length < count) {
      const next = this.#history.next();
      if (next.done === true) throw new AppError('FS_INTERNAL', 'The history ended');
      items.push(next.value);
    }
    return items;
  }

  async #send(items: readonly HistoryItem[]): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#producer.append(items.map(({ record }) => record));
        this.appended += items.length;
        for (const { owed } of items) if (owed !== undefined) this.journal.push(owed);
        return;
      } catch {
        // Any part of it may be in the log: a robot sends the same again, and the fold drops what it has.
        this.repeatedSends += 1;
        await sleep(retryMs);
      }
    }
  }
}
