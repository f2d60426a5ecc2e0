import { AnswerReader } from './answer-reader.ts';
import { type FrameWriter } from './frame-writer.ts';
import { assertNoError, ProtocolError } from './protocol-error.ts';
import { type ProducerIdentity } from './record-batch-writer.ts';

/** Who commits, as the consumer group knows it: the group refuses offsets of a member that it has replaced (KIP-447). */
export interface GroupMember {
  readonly memberId: string;
  readonly generationId: number;
  readonly groupInstanceId?: string;
}

interface TransactionHead extends ProducerIdentity {
  readonly clientId: string | null;
  readonly transactionalId: string;
}

const initProducerIdKey = 22;
const endTxnKey = 26;
const txnOffsetCommitKey = 28;

/** With a transactional id it fences every earlier holder; without one it hands out a new id. */
export function writeInitProducerId(
  writer: FrameWriter,
  version: number,
  request: {
    readonly clientId: string | null;
    readonly transactionalId: string | null;
    readonly transactionTimeoutMs: number;
  },
): Buffer {
  writer.begin({
    apiKey: initProducerIdKey,
    apiVersion: version,
    clientId: request.clientId,
    flexible: version >= 2,
  });
  writer.string(request.transactionalId);
  writer.int32(request.transactionTimeoutMs);
  if (version >= 3) {
    writer.int64(-1n);
    writer.int16(-1);
  }
  writer.tags();
  return writer.end();
}

/** @throws ProtocolError */
export function readInitProducerIdAnswer(bytes: Buffer, version: number): ProducerIdentity {
  const reader = new AnswerReader(bytes, version >= 2);
  reader.int32();
  assertNoError(reader.int16(), 'InitProducerId');
  return { producerId: reader.int64(), producerEpoch: reader.int16() };
}

export interface TxnOffsetCommit extends TransactionHead {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly member: GroupMember | undefined;
}

export function writeTxnOffsetCommit(writer: FrameWriter, version: number, request: TxnOffsetCommit): Buffer {
  const { clientId, member } = request;
  writer.begin({ apiKey: txnOffsetCommitKey, apiVersion: version, clientId, flexible: version >= 3 });
  writer.string(request.transactionalId);
  writer.string(request.groupId);
  writer.int64(request.producerId);
  writer.int16(request.producerEpoch);
  if (version >= 3) {
    // -1 and the empty id: the group checks nothing.
    writer.int32(member?.generationId ?? -1);
    writer.string(member?.memberId ?? '');
    writer.string(member?.groupInstanceId ?? null);
  }
  writer.arrayLength(1);
  writer.string(request.topic);
  writer.arrayLength(1);
  writer.int32(request.partition);
  writer.int64(BigInt(request.nextOffset));
  // No leader epoch, and no metadata beside the offset.
  if (version >= 2) writer.int32(-1);
  writer.string('');
  writer.tags();
  writer.tags();
  writer.tags();
  return writer.end();
}

/** @throws ProtocolError, also when the answer is not about the partition that was sent */
export function readTxnOffsetCommitAnswer(bytes: Buffer, version: number): void {
  const reader = new AnswerReader(bytes, version >= 3);
  reader.int32();
  let partitionCount = 0;
  for (let topics = reader.arrayLength(); topics > 0; topics -= 1) {
    reader.string();
    for (let partitions = reader.arrayLength(); partitions > 0; partitions -= 1) {
      reader.int32();
      assertNoError(reader.int16(), 'TxnOffsetCommit');
      reader.tags();
      partitionCount += 1;
    }
    reader.tags();
  }
  if (partitionCount !== 1) throw new ProtocolError(-1, 'TxnOffsetCommit', `answered for ${partitionCount} partitions`);
}

export interface EndTxn extends TransactionHead {
  readonly commits: boolean;
}

/** The first version whose answer carries the epoch for the next transaction (KIP-890). */
const firstEndTxnWithEpoch = 5;

export function writeEndTxn(writer: FrameWriter, version: number, request: EndTxn): Buffer {
  writer.begin({ apiKey: endTxnKey, apiVersion: version, clientId: request.clientId, flexible: version >= 3 });
  writer.string(request.transactionalId);
  writer.int64(request.producerId);
  writer.int16(request.producerEpoch);
  writer.boolean(request.commits);
  writer.tags();
  return writer.end();
}

/**
 * @returns the identity for the next transaction where the broker raised the epoch
 * @throws ProtocolError
 */
export function readEndTxnAnswer(bytes: Buffer, version: number): ProducerIdentity | undefined {
  const reader = new AnswerReader(bytes, version >= 3);
  reader.int32();
  assertNoError(reader.int16(), 'EndTxn');
  if (version < firstEndTxnWithEpoch) return undefined;
  return { producerId: reader.int64(), producerEpoch: reader.int16() };
}
