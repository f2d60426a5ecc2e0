import { decodeFleetRecord } from '@fleetstream/contracts';
import { type RobotRecord } from './anomaly-model.ts';

/** What is needed of a record of `fleet.events`. */
export interface ReplayRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly contentType: string | undefined;
}

export type ReadRecord =
  | { readonly kind: 'robot'; readonly record: RobotRecord }
  | { readonly kind: 'tick' }
  /** The processor puts it into the dead-letter topic; here it is only counted. */
  | { readonly kind: 'undecodable' };

export function readRobotRecord(record: ReplayRecord): ReadRecord {
  const { partition, offset, timestampMs: nowMs, value, contentType } = record;
  const decoded = decodeFleetRecord({ value, contentType, key: record.key?.toString('utf8') });
  if (decoded.kind === 'tick') return { kind: 'tick' };
  if (decoded.kind === 'poison') return { kind: 'undecodable' };
  return {
    kind: 'robot',
    record: { robotId: decoded.key, event: decoded.input, at: { partition, offset, nowMs } },
  };
}
