import { type DuplicateCache } from '@fleetstream/cache';
import { type EventResult, topics } from '@fleetstream/contracts';
import { type LogProducer } from '@fleetstream/kafka';
import { toAppError } from '@fleetstream/kernel';
import { type EventCodec } from '@fleetstream/schema-registry';
import { type CheckedEvent } from '../domain/check-events.ts';
import { toDuplicateKey } from '../domain/duplicate-key.ts';

export interface AppendPorts {
  readonly duplicates: Pick<DuplicateCache, 'findSeen' | 'markSeen'>;
  readonly logProducer: Pick<LogProducer, 'append'>;
  readonly codec: Pick<EventCodec, 'encode'>;
}

type Valid = Extract<CheckedEvent, { kind: 'valid' }>;

/**
 * Appends what is valid and new, and says of every event what became of it. Marks as seen only what the log has
 * acknowledged: a mark made before would answer the repetition of an event that never arrived with "duplicate".
 */
export async function appendEvents(
  ports: AppendPorts,
  robotId: string,
  events: readonly CheckedEvent[],
): Promise<EventResult[]> {
  const valid = events.filter((event): event is Valid => event.kind === 'valid');
  const seen = valid.length === 0 ? new Set<string>() : await ports.duplicates.findSeen(valid.map(keyOf(robotId)));
  const unseen = valid.filter((event) => !seen.has(keyOf(robotId)(event)));
  const appended = await append(ports, robotId, unseen);
  const results: EventResult[] = [];
  for (const event of events) results.push(toResult(event, results));
  return results;

  function toResult(event: CheckedEvent, earlier: readonly EventResult[]): EventResult {
    switch (event.kind) {
      case 'rejected':
        return event.result;
      case 'repeated': {
        const first = earlier[event.of];
        return first?.result === 'accepted' || first === undefined ? { id: event.id, result: 'duplicate' } : first;
      }
      case 'valid':
        return seen.has(keyOf(robotId)(event)) ? { id: event.id, result: 'duplicate' } : { id: event.id, ...appended };
    }
  }
}

async function append(
  { duplicates, logProducer, codec }: AppendPorts,
  robotId: string,
  events: readonly Valid[],
): Promise<Omit<EventResult, 'id'>> {
  try {
    await logProducer.append(
      events.map(({ value }) => ({ topic: topics.events, key: robotId, ...codec.encode(value) })),
    );
  } catch (thrown) {
    const { code, spec } = toAppError(thrown, 'FS_INTERNAL', 'Appending failed.');
    return { result: 'retry', code, detail: spec.title };
  }
  duplicates.markSeen(events.map(keyOf(robotId)));
  return { result: 'accepted' };
}

function keyOf(robotId: string): (event: Valid) => string {
  return ({ id }) => toDuplicateKey(robotId, id);
}
