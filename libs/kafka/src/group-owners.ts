import { type Clock } from '@fleetstream/kernel';
import { type Kafka } from 'kafkajs';
import { readOwners } from './read-owners.ts';

/** Who owns which partition, asked of the broker at most once in a while. */
export interface GroupOwners {
  start(): Promise<void>;
  /** The owners' advertised URLs by partition. @throws AppError FS_BROKER_UNAVAILABLE */
  owners(): Promise<ReadonlyMap<number, string>>;
  /** What is known is not right any more: an owner did not answer, or this process was given other partitions. */
  forget(): void;
  stop(): Promise<void>;
}

export interface GroupOwnersOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topic: string;
  readonly clock: Clock;
  readonly maxAgeMs: number;
}

export function createGroupOwners({ kafka, groupId, topic, clock, maxAgeMs }: GroupOwnersOptions): GroupOwners {
  const admin = kafka.admin();
  let known: { readonly asked: Promise<ReadonlyMap<number, string>>; readonly untilMs: number } | undefined;
  return {
    start: () => admin.connect(),
    owners: async () => {
      if (known === undefined || clock.monotonicMs() > known.untilMs) {
        known = { asked: readOwners(admin, groupId, topic), untilMs: clock.monotonicMs() + maxAgeMs };
      }
      const { asked } = known;
      try {
        return await asked;
      } catch (thrown) {
        known = undefined;
        throw thrown;
      }
    },
    forget: () => {
      known = undefined;
    },
    stop: () => admin.disconnect(),
  };
}
