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

/** A timer whose step threw: no value, for there is no record; key and due time say which, the offset where it fired. */
export function toTimerDeadLetter(
  topic: string,
  originTopic: string,
  firedBefore: Pick<LogRecord, 'partition' | 'offset'>,
  { key, dueMs, detail }: { readonly key: string; readonly dueMs: number; readonly detail: string },
): SinkRecord {
  return {
    topic,
    key,
    value: null,
    headers: {
      'fs-reason': 'FS_FOLD_FAILED',
      'fs-step': 'timer',
      'fs-detail': detail.slice(0, maxDetailChars),
      'fs-origin-topic': originTopic,
      'fs-origin-partition': String(firedBefore.partition),
      'fs-origin-offset': String(firedBefore.offset),
      'fs-origin-due-ms': String(dueMs),
    },
  };
}
