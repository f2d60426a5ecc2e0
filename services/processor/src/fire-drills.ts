import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '@fleetstream/contracts';
import { type createKafkaClient, readLog } from '@fleetstream/kafka';
import { type Log, toMessage } from '@fleetstream/kernel';
import { type DrillRequest, type StreamEngine } from '@fleetstream/stream-engine';

export interface FireDrillsOptions {
  readonly engine: Pick<StreamEngine, 'drill' | 'statuses'>;
  readonly kafka: ReturnType<typeof createKafkaClient>;
  /** One drill, of one partition; 0 for none. */
  readonly intervalMs: number;
  readonly bytesPerSecond: number;
  readonly log: Log;
}

export interface FireDrills {
  /** Ends the one under way. */
  stop(): Promise<void>;
}

/** About a tenth of a core: what lies between the checkpoint and now is a few seconds' worth of the log. */
const recordsPerSecond = 20_000;

/**
 * Now and then one of the partitions here is recovered beside itself, in turns. The first drill comes at a random
 * moment of the second half of the interval, so that instances which began together don't read the store together, and
 * a run of a few minutes pays nothing.
 */
export function startFireDrills(options: FireDrillsOptions): FireDrills {
  const stopping = new AbortController();
  const running = options.intervalMs === 0 ? Promise.resolve() : drillInTurns(options, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function drillInTurns(options: FireDrillsOptions, signal: AbortSignal): Promise<void> {
  const { engine, intervalMs, log } = options;
  let last = -1;
  let waitMs = intervalMs * (0.5 + Math.random() / 2);
  // An abort is how the sleeper is woken.
  const slept = () => sleep(waitMs, true, { signal, ref: false }).catch(() => false);
  while (await slept()) {
    waitMs = intervalMs;
    const ready = engine.statuses().filter(({ phase, lastCheckpoint }) => phase === 'running' && lastCheckpoint);
    const next = ready.find(({ partition }) => partition > last) ?? ready[0];
    if (next === undefined) continue;
    last = next.partition;
    try {
      await engine.drill(next.partition, toRequest(options, signal));
    } catch (thrown) {
      // The partition went to another instance between the question and the drill.
      log.debug({ partition: next.partition, reason: toMessage(thrown) }, 'a fire drill did not begin');
    }
  }
}

function toRequest({ kafka, bytesPerSecond }: FireDrillsOptions, signal: AbortSignal): DrillRequest {
  return {
    read: (partition, from, until, ended) =>
      readLog({
        ...{ kafka, topic: topics.events, partitions: [partition], signal: ended },
        fromOffsets: new Map([[partition, from]]),
        untilOffsets: new Map([[partition, until]]),
      }),
    ...{ bytesPerSecond, recordsPerSecond, signal },
  };
}
