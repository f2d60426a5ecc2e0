import { AnswerReader } from './answer-reader.ts';
import { type FrameWriter } from './frame-writer.ts';
import { assertNoError, ProtocolError } from './protocol-error.ts';

const offsetFetchKey = 9;
/** The first that can ask for offsets that no open transaction will change, and the last of one group a request. */
const version = 7;

export interface StableOffsetRequest {
  readonly clientId: string | null;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
}

/** OffsetFetch 7: the answer is UNSTABLE_OFFSET_COMMIT while a transaction that would change it is open (KIP-447). */
export function writeStableOffsetFetch(writer: FrameWriter, request: StableOffsetRequest): Buffer {
  writer.begin({ apiKey: offsetFetchKey, apiVersion: version, clientId: request.clientId, flexible: true });
  writer.string(request.groupId);
  writer.arrayLength(1);
  writer.string(request.topic);
  writer.arrayLength(1);
  writer.int32(request.partition);
  writer.tags();
  writer.boolean(true);
  writer.tags();
  return writer.end();
}

/**
 * @returns `undefined` when the group has committed none
 * @throws ProtocolError, also when the answer is not about the partition that was asked for
 */
export function readStableOffsetFetchAnswer(bytes: Buffer): number | undefined {
  const reader = new AnswerReader(bytes, true);
  reader.int32();
  const offsets: number[] = [];
  for (let topics = reader.arrayLength(); topics > 0; topics -= 1) {
    reader.string();
    for (let partitions = reader.arrayLength(); partitions > 0; partitions -= 1) {
      reader.int32();
      const offset = Number(reader.int64());
      reader.int32();
      reader.string();
      assertNoError(reader.int16(), 'OffsetFetch');
      reader.tags();
      offsets.push(offset);
    }
    reader.tags();
  }
  assertNoError(reader.int16(), 'OffsetFetch');
  const [offset] = offsets;
  if (offset === undefined || offsets.length > 1) {
    throw new ProtocolError(-1, 'OffsetFetch', `answered for ${offsets.length} partitions`);
  }
  return offset < 0 ? undefined : offset;
}
