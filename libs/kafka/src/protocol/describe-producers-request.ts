import { AnswerReader } from './answer-reader.ts';
import { type FrameWriter } from './frame-writer.ts';
import { assertNoError } from './protocol-error.ts';

export const describeProducersKey = 61;

/** A producer's transaction in a partition that its end has not reached yet. */
export interface OpenTransaction {
  readonly topic: string;
  readonly partition: number;
  readonly producerId: bigint;
}

/** DescribeProducers 0: which producers a leader knows of in one partition of each topic, and what they have open. */
export function writeDescribeProducers(
  writer: FrameWriter,
  request: { readonly clientId: string | null; readonly topics: readonly string[]; readonly partition: number },
): Buffer {
  writer.begin({ apiKey: describeProducersKey, apiVersion: 0, clientId: request.clientId, flexible: true });
  writer.arrayLength(request.topics.length);
  for (const topic of request.topics) {
    writer.string(topic);
    writer.arrayLength(1);
    writer.int32(request.partition);
    writer.tags();
  }
  writer.tags();
  return writer.end();
}

/** @throws ProtocolError */
export function readDescribeProducersAnswer(bytes: Buffer): OpenTransaction[] {
  const reader = new AnswerReader(bytes, true);
  const open: OpenTransaction[] = [];
  reader.int32();
  for (let topics = reader.arrayLength(); topics > 0; topics -= 1) {
    const topic = reader.string() ?? '';
    for (let partitions = reader.arrayLength(); partitions > 0; partitions -= 1) {
      const partition = reader.int32();
      const code = reader.int16();
      assertNoError(code, `DescribeProducers of ${topic}`, reader.string());
      for (let producers = reader.arrayLength(); producers > 0; producers -= 1) {
        const producerId = reader.int64();
        // Its epoch, its last sequence number, when that was, and the epoch of its coordinator.
        for (let left = 2; left > 0; left -= 1) reader.int32();
        reader.int64();
        reader.int32();
        if (reader.int64() >= 0n) open.push({ topic, partition, producerId });
        reader.tags();
      }
      reader.tags();
    }
    reader.tags();
  }
  return open;
}
