import { randomUUID } from 'node:crypto';
import {
  type RolloutCreatedData,
  rolloutEventSchemas,
  type RolloutEventType,
  rolloutMax,
  topics,
} from '@fleetstream/contracts';
import { type LogPosition, type LogProducer, type LogRecord } from '@fleetstream/kafka';
import { type Clock } from '@fleetstream/kernel';
import { type RolloutLogEvent } from '../domain/rollout-book.ts';
import { decodeEvent } from './decode-event.ts';

/** Appends to `fleet.rollouts`. What was appended counts only as it is read back. */
export interface RolloutLog {
  /**
   * @throws AppError FS_BROKER_UNAVAILABLE: it may have been appended
   */
  append(event: RolloutLogEvent): Promise<LogPosition>;
  /** The parts of the list, then the creation that seals it. */
  create(
    data: Omit<RolloutCreatedData, 'listId' | 'parts' | 'robots'>,
    robotIds: readonly string[],
  ): Promise<LogPosition>;
}

const typeOfKind = {
  robots: 'fleet.rollout-robots.v1',
  created: 'fleet.rollout-created.v1',
  released: 'fleet.rollout-released.v1',
  passed: 'fleet.rollout-passed.v1',
  aborted: 'fleet.rollout-aborted.v1',
  controlled: 'fleet.rollout-controlled.v1',
} as const satisfies Record<RolloutLogEvent['kind'], RolloutEventType>;

export function createRolloutLog(producer: LogProducer, clock: Clock): RolloutLog {
  const append = async ({ kind, data }: RolloutLogEvent): Promise<LogPosition> => {
    const value = JSON.stringify({
      ...{ specversion: '1.0', id: randomUUID(), source: '/fleet/rollouts', type: typeOfKind[kind] },
      ...{ subject: data.rolloutId, time: new Date(clock.nowMs()).toISOString(), data },
    });
    const [position] = await producer.append([{ topic: topics.rollouts, key: data.rolloutId, value }]);
    if (position === undefined) throw new TypeError('the log acknowledged a record without its position');
    return position;
  };
  return {
    append,
    create: async (data, robotIds) => {
      const listId = randomUUID();
      const { rolloutId } = data;
      const parts = Math.ceil(robotIds.length / rolloutMax.robotsPerPart);
      // One after the other: a part is as large as a batch should be.
      for (let part = 0; part < parts; part++) {
        const from = part * rolloutMax.robotsPerPart;
        const ids = robotIds.slice(from, from + rolloutMax.robotsPerPart);
        await append({ kind: 'robots', data: { rolloutId, listId, part, robotIds: ids } });
      }
      return await append({ kind: 'created', data: { ...data, listId, parts, robots: robotIds.length } });
    },
  };
}

/** `undefined`: a record that is no event of a rollout. */
export function decodeRolloutEvent(record: LogRecord): RolloutLogEvent | undefined {
  const event = decodeEvent(record, rolloutEventSchemas, ...Object.values(typeOfKind));
  if (event === undefined) return undefined;
  switch (event.type) {
    case 'fleet.rollout-robots.v1':
      return { kind: 'robots', data: event.data };
    case 'fleet.rollout-created.v1':
      return { kind: 'created', data: event.data };
    case 'fleet.rollout-released.v1':
      return { kind: 'released', data: event.data };
    case 'fleet.rollout-passed.v1':
      return { kind: 'passed', data: event.data };
    case 'fleet.rollout-aborted.v1':
      return { kind: 'aborted', data: event.data };
    case 'fleet.rollout-controlled.v1':
      return { kind: 'controlled', data: event.data };
  }
}
