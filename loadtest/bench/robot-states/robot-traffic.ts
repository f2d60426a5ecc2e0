import { createCipheriv } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogProducer, type LogProducer } from '@fleetstream/kafka';
import { type Log } from '@fleetstream/kernel';
import { createRandom } from '@fleetstream/testing';
import { stateFrameBytes } from './robot-state-fold.ts';

export interface RobotTrafficOptions {
  readonly kafka: Parameters<typeof createLogProducer>[0]['kafka'];
  readonly topic: string;
  readonly robots: number;
  readonly stateBytes: number;
  readonly seed: number;
  readonly log: Log;
}

/** Appends events of robots and keeps count of them. One that fails to be appended ends the bench. */
export interface RobotTraffic {
  /** One event of each robot, in order. */
  appendAll(onProgress: (appended: number) => void): Promise<void>;
  /**
   * `count` events from the next robots in an order of chance in which each comes once before any comes twice: as many
   * robots change as there are events, as long as there are enough.
   */
  appendNext(count: number): Promise<void>;
  /** `appendNext` at a steady rate until it is told to stop. */
  startSteadily(eventsPerSecond: number): { readonly stop: () => Promise<void> };
  /** Events that were appended before that moment of this machine's clock, those of `appendAll` included. */
  appendedBy(atMs: number): number;
  /** Events of each robot so far. */
  readonly counts: Uint32Array;
  stop(): Promise<void>;
}

const recordsAtOnce = 2000;
const tickMs = 10;
const padBlockBytes = 6 * 1024 * 1024;

export async function startRobotTraffic(options: RobotTrafficOptions): Promise<RobotTraffic> {
  const { kafka, topic, robots, seed, log } = options;
  const producer = createLogProducer({ kafka, log, topics: [topic], timeoutMs: 60_000 });
  const stopProducer = await producer.start();
  const nextPad = createPads(seed, options.stateBytes - stateFrameBytes);
  const order = shuffled(robots, seed);
  const counts = new Uint32Array(robots);
  const history: [atMs: number, appended: number][] = [[0, 0]];
  let next = 0;
  const append = async (producerOf: LogProducer, chosen: readonly number[]): Promise<void> => {
    const ts = Date.now();
    await producerOf.append(
      chosen.map((robot) => {
        const key = toRobotId(robot);
        return { topic, key, value: `{"robotId":"${key}","ts":${ts},"pad":"${nextPad()}"}` };
      }),
    );
    for (const robot of chosen) counts[robot] = (counts[robot] ?? 0) + 1;
    history.push([Date.now(), (history.at(-1)?.[1] ?? 0) + chosen.length]);
  };
  const appendNext = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= recordsAtOnce) {
      const chosen = Array.from({ length: Math.min(left, recordsAtOnce) }, () => order[next++ % robots] ?? 0);
      await append(producer, chosen);
    }
  };
  return {
    appendAll: async (onProgress) => {
      for (let first = 0; first < robots; first += recordsAtOnce) {
        const length = Math.min(recordsAtOnce, robots - first);
        await append(
          producer,
          Array.from({ length }, (_, index) => first + index),
        );
        onProgress(first + length);
      }
    },
    appendNext,
    startSteadily: (eventsPerSecond) => runSteadily(eventsPerSecond, appendNext),
    appendedBy: (atMs) => history.findLast(([ms]) => ms <= atMs)?.[1] ?? 0,
    counts,
    stop: stopProducer,
  };
}

/** What a slow moment left behind is made up for, so that the rate holds on the whole. */
function runSteadily(eventsPerSecond: number, appendNext: (count: number) => Promise<void>) {
  const stopping = new AbortController();
  const work = (async () => {
    const startMs = performance.now();
    let appended = 0;
    while (!stopping.signal.aborted) {
      const due = Math.floor(((performance.now() - startMs) * eventsPerSecond) / 1000) - appended;
      if (due > 0) await appendNext(due);
      appended += Math.max(0, due);
      await delay(tickMs);
    }
  })();
  // Whoever stops it is told; until then a failure must not end the bench without its clean-up.
  work.catch(() => undefined);
  return {
    stop: async () => {
      stopping.abort();
      await work;
    },
  };
}

function toRobotId(robot: number): string {
  return `robot-${String(robot).padStart(7, '0')}`;
}

/** Text that no compression makes smaller than three quarters, the same for each seed. */
function createPads(seed: number, padBytes: number): () => string {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(padBlockBytes);
  let block = '';
  let at = 0;
  return () => {
    if (at + padBytes > block.length) {
      block = cipher.update(zeros).toString('base64');
      at = 0;
    }
    at += padBytes;
    return block.slice(at - padBytes, at);
  };
}

function shuffled(count: number, seed: number): Uint32Array {
  const random = createRandom(seed);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const kept = order[at] ?? 0;
    order[at] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}
