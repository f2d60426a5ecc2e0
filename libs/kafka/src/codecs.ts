import { crc32c } from '@fleetstream/kernel';
import { codecHeaders, type CodecRecord, type RecordCodecs } from './record-codecs.ts';
import { decodeRecordBatches } from './decode-record-batches.ts';
import { createKafkajsCodecs } from './kafkajs-codecs.ts';
import { FrameWriter } from './protocol/frame-writer.ts';
import {
  beginProduce,
  beginProducePartition,
  beginProduceTopic,
  endProduce,
  endProducePartition,
  endProduceTopic,
} from './protocol/produce-request.ts';
import { encodeHeaders, RecordBatchWriter } from './protocol/record-batch-writer.ts';

export { type CodecRecord, type RecordCodecs } from './record-codecs.ts';

/** Both for measuring them side by side. */
export function createCodecs(): { readonly own: RecordCodecs; readonly kafkajs: RecordCodecs } {
  return { own: createOwnCodecs(), kafkajs: createKafkajsCodecs() };
}

/** Record batches of so many records each, back to back, as the broker would answer a fetch with them. */
export function encodeFetched(records: readonly CodecRecord[], perBatch: number): Buffer {
  const batches: Buffer[] = [];
  const headers = encodeHeaders(codecHeaders);
  for (let from = 0; from < records.length; from += perBatch) {
    const writer = new FrameWriter();
    const batch = new RecordBatchWriter(writer);
    batch.begin({ producerId: -1n, producerEpoch: -1, firstSequence: -1, isTransactional: false, timestampMs: 1 });
    for (const { key, value } of records.slice(from, from + perBatch)) batch.add(key, value, headers);
    batch.end();
    const bytes = Buffer.from(writer.bytes.subarray(0, writer.at));
    bytes.writeBigInt64BE(BigInt(from), 0);
    batches.push(bytes);
  }
  return Buffer.concat(batches);
}

function createOwnCodecs(): RecordCodecs {
  const writer = new FrameWriter();
  const batch = new RecordBatchWriter(writer);
  const headers = encodeHeaders(codecHeaders);
  return {
    encodeProduce: (records) => {
      const head = { version: 12, clientId: 'codecs', transactionalId: 'codecs-0' } as const;
      beginProduce(writer, { ...head, timeoutMs: 10_000, topicCount: 1 });
      beginProduceTopic(writer, 'fleet.states', 1);
      const begun = beginProducePartition(writer, 0);
      batch.begin({ producerId: 1n, producerEpoch: 0, firstSequence: 0, isTransactional: true, timestampMs: 1 });
      for (const { key, value } of records) batch.add(key, value, headers);
      batch.end();
      endProducePartition(writer, begun);
      endProduceTopic(writer);
      return Promise.resolve(endProduce(writer));
    },
    decodeFetched: async (bytes) => {
      const decoded = await decodeRecordBatches(bytes, { partition: 0, fromOffset: 0, aborted: [] });
      const records = decoded.toRecords();
      const valueBytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
      return { records: records.length, valueBytes };
    },
    checksum: (bytes) => crc32c(bytes, 0, bytes.length),
  };
}
