import { type FoldProgressBoard, type RobotProgress } from '@fleetstream/cache';
import { type Clock } from '@fleetstream/kernel';
import { type RobotState } from '@fleetstream/robot-model';
import { type PartitionStatus, type StoredStates } from '@fleetstream/stream-engine';
import { type FoldPace, toDrainMs, toFoldedProgress, toFoldPace } from '../domain/fold-progress.ts';

export interface AckPublisherOptions {
  readonly board: FoldProgressBoard;
  readonly clock: Clock;
  readonly statuses: () => readonly PartitionStatus[];
  /** Robots that wait to be told of; the oldest go when there are more. */
  readonly robotsMax?: number;
  /** Told how many reports were lost for want of room. */
  readonly onDropped: (robots: number) => void;
}

/**
 * Tells the webhook pods, through Redis, what was folded and stored of each robot and how far the folds are behind.
 * Hints and never truth: of a robot only the newest report waits, and with Redis away reports wait and then go.
 */
export interface AckPublisher {
  readonly name: string;
  start(): Promise<() => Promise<void>>;
  /** Takes over what a partition stored; cheap, and never waits. */
  afterStore(stored: StoredStates<RobotState>): void;
}

const robotsMaxDefault = 20_000;
const robotsPerCall = 500;
const flushEveryMs = 100;
const lagEveryMs = 1000;

export function createAckPublisher(options: AckPublisherOptions): AckPublisher {
  return new Publisher(options);
}

class Publisher implements AckPublisher {
  readonly name = 'ack-publisher';
  readonly #options: AckPublisherOptions;
  readonly #robotsMax: number;
  readonly #waiting = new Map<string, RobotState['boots']>();
  readonly #paces = new Map<number, FoldPace>();
  #flushing: Promise<void> | undefined;

  constructor(options: AckPublisherOptions) {
    this.#options = options;
    this.#robotsMax = options.robotsMax ?? robotsMaxDefault;
  }

  async start(): Promise<() => Promise<void>> {
    const stopBoard = await this.#options.board.start();
    let telling: Promise<unknown> = Promise.resolve();
    const flush = setInterval(() => {
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = undefined;
      });
    }, flushEveryMs);
    const lag = setInterval(() => {
      telling = this.#tellLag();
    }, lagEveryMs);
    return async () => {
      clearInterval(flush);
      clearInterval(lag);
      await Promise.all([this.#flushing, telling]);
      // What the last stores before the stop brought.
      await this.#flush();
      await stopBoard();
    };
  }

  afterStore({ changed }: StoredStates<RobotState>): void {
    for (const { key, state } of changed) {
      if (state.boots.length === 0) continue;
      // A robot that waits already keeps its place and gets the newer word: states are values, so nothing is copied.
      this.#waiting.set(key, state.boots);
    }
    const over = this.#waiting.size - this.#robotsMax;
    if (over <= 0) return;
    let left = over;
    for (const robotId of this.#waiting.keys()) {
      if (left === 0) break;
      this.#waiting.delete(robotId);
      left -= 1;
    }
    this.#options.onDropped(over);
  }

  async #flush(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch: [string, RobotState['boots']][] = [];
      for (const entry of this.#waiting) {
        batch.push(entry);
        if (batch.length === robotsPerCall) break;
      }
      if (!(await this.#options.board.publish(batch.map(toProgress)))) return;
      for (const [robotId, boots] of batch) {
        if (this.#waiting.get(robotId) === boots) this.#waiting.delete(robotId);
      }
    }
  }

  async #tellLag(): Promise<void> {
    const { statuses, board, clock } = this.#options;
    const atMs = clock.nowMs();
    const lags = statuses()
      .filter(({ phase }) => phase === 'running' || phase === 'refolding')
      .map(({ partition, foldedOffset, lag }) => {
        const pace = toFoldPace(this.#paces.get(partition), foldedOffset, lag, clock.monotonicMs());
        this.#paces.set(partition, pace);
        return { partition, records: lag, drainMs: toDrainMs(lag, pace) };
      });
    await board.publishLag(lags, atMs);
  }
}

function toProgress([robotId, boots]: readonly [string, RobotState['boots']]): RobotProgress {
  return {
    robotId,
    boots: boots.map((boot) => ({ bootid: boot.bootId, text: JSON.stringify(toFoldedProgress(boot)) })),
  };
}
