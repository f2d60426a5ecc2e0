import { setTimeout as delay } from 'node:timers/promises';
import { type createKafkaClient, createTransactionalSink } from '@fleetstream/kafka';
import { AppError, type Log, systemClock } from '@fleetstream/kernel';
import { createObjectStoreFromUrl } from '@fleetstream/object-store';
import { createCheckpointStore, destroyStateDir, openRocksStateStore, stateDirExists } from '@fleetstream/state-store';
import { type EnginePorts } from '@fleetstream/stream-engine';

/** As the processor's. */
const memtableBytes = 16 * 1024 * 1024;

/** What a bench's run of the engine reads and writes. */
export interface EnginePlaces {
  readonly groupId: string;
  readonly inputTopic: string;
  readonly outputTopic: string;
  readonly deadLetterTopic: string;
  readonly checkpointUrl: string;
}

export interface EnginePortParts {
  readonly kafka: ReturnType<typeof createKafkaClient>;
  readonly source: EnginePorts['source'];
  readonly log: Log;
  readonly ownershipConfirmed: EnginePorts['ownershipConfirmed'];
}

/** The engine's ports on the real parts, as the processor has them. No bench wakes an idle partition. */
export function createEnginePorts(places: EnginePlaces, parts: EnginePortParts): EnginePorts {
  const { groupId, inputTopic } = places;
  const { kafka, source, log, ownershipConfirmed } = parts;
  return {
    ...{ source, ownershipConfirmed },
    createSink: (partition) =>
      createTransactionalSink({
        ...{ kafka, groupId, inputTopic, partition, log },
        transactionalId: `${groupId}-${partition}`,
        outputTopics: [places.outputTopic, places.deadLetterTopic],
      }),
    openStore: (options) => openRocksStateStore({ ...options, memtableBytes, log }),
    files: { exists: stateDirExists, destroy: destroyStateDir },
    checkpoints: createCheckpointStore({
      ...{ objects: createObjectStoreFromUrl(places.checkpointUrl, { log }), prefix: inputTopic, log },
      ...{ clock: systemClock, retain: 3, graceMs: 3_600_000 },
    }),
    ticks: {
      tick: () => Promise.reject(new AppError('FS_INTERNAL', 'No partition of a bench is idle with a due timer')),
    },
    clock: systemClock,
    sleep: async (delayMs, signal) => {
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
    },
  };
}
