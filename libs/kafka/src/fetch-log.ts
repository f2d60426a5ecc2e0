import { AppError, toAppError } from '@fleetstream/kernel';
import { type AbortedTransaction, type DecodedBatches, decodeRecordBatches } from './decode-record-batches.ts';
import { type InsideBroker, type Isolation, loadInside } from './kafkajs-inside.ts';
import { type LogRecord } from './log-record.ts';

export interface FetchRequest {
  readonly topic: string;
  readonly positions: readonly { readonly partition: number; readonly offset: number }[];
  readonly isolation: Isolation;
  /** How long the broker may wait for a first byte. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
}

/** Its records are made by `toRecords`; there are none beside an error. */
export interface FetchedPartition extends DecodedBatches {
  readonly partition: number;
  /** The broker's error of this partition, or what is wrong with its bytes. */
  readonly error: { readonly code: number; readonly cause: Error } | undefined;
  readonly sizeBytes: number;
  /** One past the last record that every reader may see: the last stable offset when reading `committed`. */
  readonly endOffset: number;
  readonly startOffset: number;
}

/** CORRUPT_MESSAGE, as the protocol has it. */
const corruptMessage = 2;

const noRecords = (): LogRecord[] => [];

type Inside = ReturnType<typeof loadInside>;
export type FetchLog = (broker: InsideBroker, request: FetchRequest) => Promise<FetchedPartition[]>;

/**
 * Fetch, version 11, with a decoder of our own on kafkajs's connection: kafkajs's fails the whole answer when one
 * partition has an error, and costs about twice the CPU.
 */
export function createFetchLog(): FetchLog {
  const inside = loadInside();
  return async (broker, request) => {
    const answer = await broker.connectionPool.send({
      request: inside.createFetchRequest({
        replicaId: -1,
        maxWaitTime: request.maxWaitMs,
        minBytes: 1,
        maxBytes: request.maxBytes,
        isolationLevel: request.isolation === 'committed' ? 1 : 0,
        topics: [
          {
            topic: request.topic,
            partitions: request.positions.map(({ partition, offset }) => ({
              partition,
              fetchOffset: String(offset),
              maxBytes: request.maxPartitionBytes,
            })),
          },
        ],
      }),
      response: {
        decode: (raw) => Promise.resolve({ clientSideThrottleTime: raw.readInt32BE(0), raw }),
        parse: async (data) => await parseAnswer((data as { raw: Buffer }).raw, request, inside),
      },
      requestTimeout: request.maxWaitMs + 10_000,
    });
    return answer as FetchedPartition[];
  };
}

async function parseAnswer(raw: Buffer, request: FetchRequest, inside: Inside): Promise<FetchedPartition[]> {
  const answerCode = raw.readInt16BE(4);
  if (answerCode !== 0) throw inside.createErrorFromCode(answerCode);
  const fetched: FetchedPartition[] = [];
  let at = 10;
  const topicCount = raw.readInt32BE(at);
  at += 4;
  for (let topic = 0; topic < topicCount; topic += 1) {
    at += 2 + raw.readInt16BE(at);
    const partitionCount = raw.readInt32BE(at);
    at += 4;
    for (let index = 0; index < partitionCount; index += 1) {
      const header = readPartitionHeader(raw, at);
      const bytes = raw.subarray(header.at, header.at + Math.max(header.sizeBytes, 0));
      at = header.at + bytes.length;
      fetched.push(await toFetched(header, bytes, request, inside));
    }
  }
  return fetched;
}

interface PartitionHeader {
  readonly partition: number;
  readonly code: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly startOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly sizeBytes: number;
  /** Where the records begin. */
  readonly at: number;
}

function readPartitionHeader(raw: Buffer, start: number): PartitionHeader {
  const abortedCount = raw.readInt32BE(start + 30);
  const aborted: AbortedTransaction[] = [];
  let at = start + 34;
  for (let index = 0; index < abortedCount; index += 1) {
    aborted.push({ producerId: raw.readBigInt64BE(at), firstOffset: Number(raw.readBigInt64BE(at + 8)) });
    at += 16;
  }
  return {
    partition: raw.readInt32BE(start),
    code: raw.readInt16BE(start + 4),
    highWatermark: Number(raw.readBigInt64BE(start + 6)),
    lastStableOffset: Number(raw.readBigInt64BE(start + 14)),
    startOffset: Number(raw.readBigInt64BE(start + 22)),
    aborted,
    // Between them stands the preferred read replica, which is not used: this always reads from the leader.
    sizeBytes: raw.readInt32BE(at + 4),
    at: at + 8,
  };
}

async function toFetched(
  header: PartitionHeader,
  bytes: Buffer,
  request: FetchRequest,
  inside: Inside,
): Promise<FetchedPartition> {
  const { partition, startOffset } = header;
  const fromOffset = request.positions.find((position) => position.partition === partition)?.offset;
  if (fromOffset === undefined) {
    throw new AppError('FS_INTERNAL', `The broker answered for partition ${partition}, which was not asked for`);
  }
  const endOffset = request.isolation === 'committed' ? header.lastStableOffset : header.highWatermark;
  if (header.code !== 0) {
    const error = { code: header.code, cause: inside.createErrorFromCode(header.code) };
    return { partition, error, nextOffset: fromOffset, toRecords: noRecords, sizeBytes: 0, endOffset, startOffset };
  }
  try {
    const checked = await decodeRecordBatches(bytes, { partition, fromOffset, aborted: header.aborted });
    return { partition, error: undefined, ...checked, sizeBytes: bytes.length, endOffset, startOffset };
  } catch (thrown) {
    // One partition's damage is not the others'.
    const cause = toAppError(thrown, 'FS_LOG_CORRUPT', `Partition ${partition} of ${request.topic} can't be decoded`);
    const error = { code: corruptMessage, cause };
    return { partition, error, nextOffset: fromOffset, toRecords: noRecords, sizeBytes: 0, endOffset, startOffset };
  }
}
