import { AnswerReader } from './answer-reader.ts';
import { type FrameWriter } from './frame-writer.ts';

/** Version 12 lets the broker add partitions to the transaction by itself (KIP-890); 7 is what Kafka 2.1 speaks. */
export type ProduceVersion = 7 | 12;

const firstFlexible = 9;

export interface ProduceHead {
  readonly version: ProduceVersion;
  readonly clientId: string | null;
  readonly transactionalId: string | null;
  /** How long the broker may wait for its replicas. */
  readonly timeoutMs: number;
  readonly topicCount: number;
}

/** Followed by `topicCount` times `beginProduceTopic`, its partitions, and `endProduceTopic`. Acks are always all. */
export function beginProduce(writer: FrameWriter, head: ProduceHead): void {
  const { version, clientId, transactionalId, timeoutMs, topicCount } = head;
  writer.begin({ apiKey: 0, apiVersion: version, clientId, flexible: version >= firstFlexible });
  writer.string(transactionalId);
  writer.int16(-1);
  writer.int32(timeoutMs);
  writer.arrayLength(topicCount);
}

export function beginProduceTopic(writer: FrameWriter, topic: string, partitionCount: number): void {
  writer.string(topic);
  writer.arrayLength(partitionCount);
}

/** @returns for `endProducePartition`; between them stands exactly one record batch */
export function beginProducePartition(writer: FrameWriter, partition: number): number {
  writer.int32(partition);
  return writer.beginBytes();
}

export function endProducePartition(writer: FrameWriter, begun: number): void {
  writer.endBytes(begun);
  writer.tags();
}

export function endProduceTopic(writer: FrameWriter): void {
  writer.tags();
}

export function endProduce(writer: FrameWriter): Buffer {
  writer.tags();
  return writer.end();
}

export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  /** Of the batch's first record; -1 where the broker doesn't say. */
  readonly baseOffset: number;
}

export function readProduceAnswer(bytes: Buffer, version: ProduceVersion): ProducedPartition[] {
  const reader = new AnswerReader(bytes, version >= firstFlexible);
  const produced: ProducedPartition[] = [];
  for (let topics = reader.arrayLength(); topics > 0; topics -= 1) {
    const topic = reader.string() ?? '';
    for (let partitions = reader.arrayLength(); partitions > 0; partitions -= 1) {
      const partition = reader.int32();
      const errorCode = reader.int16();
      const baseOffset = Number(reader.int64());
      reader.int64();
      reader.int64();
      const errorMessage = version >= 8 ? readErrors(reader) : null;
      reader.tags();
      produced.push({ topic, partition, errorCode, errorMessage, baseOffset });
    }
    reader.tags();
  }
  return produced;
}

/** The error of the batch; those of single records say no more. */
function readErrors(reader: AnswerReader): string | null {
  for (let records = reader.arrayLength(); records > 0; records -= 1) {
    reader.int32();
    reader.string();
    reader.tags();
  }
  return reader.string();
}
