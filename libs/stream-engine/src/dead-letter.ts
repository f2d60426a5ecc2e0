import { type LogRecord, type SinkRecord } from '@fleetstream/kafka';
import { type ErrorCode } from '@fleetstream/kernel';

export interface DeadLetterReason {
  readonly reason: Extract<ErrorCode, 'FS_RECORD_UNDECODABLE' | 'FS_FOLD_FAILED'>;
  readonly step: 'decode' | 'fold';
  readonly detail: string;
}

const maxDetailChars = 300;

/** A poison record as it goes to the dead-letter topic: key, value and headers untouched, why and whence in headers. */
export function toDeadLetter(
  topic: string,
  originTopic: string,
  record: LogRecord,
  { reason, step, detail }: DeadLetterReason,
): SinkRecord {
  const original = Object.fromEntries(record.headers.map(({ name, value }) => [name, value ?? '']));
  return {
    topic,
    key: record.key,
    value: record.value,
    headers: {
      ...original,
      'fs-reason': reason,
      'fs-step': step,
      'fs-detail': detail.slice(0, maxDetailChars),
      'fs-origin-topic': originTopic,
      'fs-origin-partition': String(record.partition),
      'fs-origin-offset': String(record.offset),
    },
  };
}
