import { topics } from '@fleetstream/contracts';
import { silentLog, toMessage } from '@fleetstream/kernel';
import { failUnreachable } from '../cli-failure.ts';
import {
  byOrigin,
  type DeadLetter,
  isChosen,
  type LetterFilter,
  parseDeadLetter,
  redriveHeaders,
} from '../domain/dead-letter.ts';

export interface ChosenLetters {
  /** The newest, oldest first; as many as may be held. */
  readonly letters: readonly DeadLetter[];
  /** How many there are in all. */
  readonly matched: number;
}

/** Letters of `fleet.dlq` that fit a filter. @throws CliFailure 3 when the topic can't be read */
export async function readDeadLetters(
  brokers: readonly string[],
  filter: LetterFilter,
  limit: number,
): Promise<ChosenLetters> {
  // Loaded only here: the other commands would wait for a Kafka client they don't use.
  const { createKafkaClient, fetchOffsetsSince, readLog } = await import('@fleetstream/kafka');
  const kafka = createKafkaClient({ brokers, clientId: 'fleetstream-cli', log: silentLog });
  let letters: DeadLetter[] = [];
  let matched = 0;
  try {
    const fromOffsets =
      filter.sinceMs === undefined ? new Map() : await fetchOffsetsSince(kafka, topics.deadLetters, filter.sinceMs);
    for await (const record of readLog({ kafka, topic: topics.deadLetters, fromOffsets })) {
      const letter = parseDeadLetter(record);
      if (!isChosen(letter, filter)) continue;
      matched += 1;
      letters.push(letter);
      // Partitions are read side by side, so the newest are known by sorting; now and then, for memory's sake.
      if (letters.length >= 2 * limit) letters = newest(letters, limit);
    }
  } catch (thrown) {
    return failUnreachable(
      `${topics.deadLetters} at ${brokers.join(', ')} can't be read: ${toMessage(thrown)} Does "npm start" run?`,
    );
  }
  return { letters: newest(letters, limit), matched };
}

function newest(letters: readonly DeadLetter[], limit: number): DeadLetter[] {
  return letters.toSorted((one, other) => one.atMs - other.atMs || byOrigin(one, other)).slice(-limit);
}

export interface Redriven {
  readonly letter: DeadLetter;
  readonly to: { readonly partition: number; readonly offset: number };
}

const perAppend = 200;

/**
 * Appends the records behind letters to the log once more: key, value and headers as they were, so the event keeps its
 * id and the fold drops what it has folded after all, and headers that name the letter. `onAppended` is told of what was
 * acknowledged before the next is sent.
 *
 * @throws CliFailure 3 when the log doesn't acknowledge; what was under way may be there all the same, and twice is harmless
 */
export async function redriveLetters(
  brokers: readonly string[],
  letters: readonly DeadLetter[],
  onAppended: (redriven: readonly Redriven[]) => void,
): Promise<void> {
  const { createKafkaClient, createLogProducer } = await import('@fleetstream/kafka');
  const kafka = createKafkaClient({ brokers, clientId: 'fleetstream-cli', log: silentLog });
  const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events] });
  const stop = await producer.start();
  try {
    for (let from = 0; from < letters.length; from += perAppend) {
      const part = letters.slice(from, from + perAppend);
      const positions = await producer.append(part.map(toRecord));
      onAppended(
        part.flatMap((letter, index) => {
          const to = positions[index];
          return to === undefined ? [] : [{ letter, to }];
        }),
      );
    }
  } catch (thrown) {
    failUnreachable(`The log at ${brokers.join(', ')} did not acknowledge: ${toMessage(thrown)} Does "npm start" run?`);
  } finally {
    await stop();
  }
}

function toRecord(letter: DeadLetter) {
  const { place, robotId, value, headers, redrives } = letter;
  return {
    topic: topics.events,
    key: robotId ?? '',
    value: value ?? '',
    headers: {
      ...headers,
      [redriveHeaders.from]: `${topics.deadLetters}/${place}`,
      [redriveHeaders.count]: String(redrives + 1),
    },
  };
}
