import { topics } from '@fleetstream/contracts';
import { type LogRecord, type SinkRecord } from '@fleetstream/kafka';

const maxDetailChars = 300;

/** A record on which a model fails, as it goes to the dead-letter topic: untouched, why and whence in headers. */
export function toDeadLetter(record: LogRecord, model: string, detail: string): SinkRecord {
  const original = Object.fromEntries(record.headers.map(({ name, value }) => [name, value ?? '']));
  return {
    topic: topics.deadLetters,
    key: record.key,
    value: record.value ?? '',
    headers: {
      ...original,
      'fs-reason': 'FS_MODEL_FAILED',
      'fs-step': `insights-${model}`,
      'fs-detail': detail.slice(0, maxDetailChars),
      'fs-origin-topic': topics.events,
      'fs-origin-partition': String(record.partition),
      'fs-origin-offset': String(record.offset),
    },
  };
}
