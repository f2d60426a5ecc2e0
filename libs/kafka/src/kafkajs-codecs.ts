import { createRequire } from 'node:module';
import { codecHeaders, type RecordCodecs } from './record-codecs.ts';

interface KafkajsDecoder {
  readonly offset: number;
}

interface KafkajsModules {
  readonly produce: (options: object) => object;
  readonly frame: (options: object) => Promise<{ readonly buffer: Buffer }>;
  readonly Decoder: new (bytes: Buffer) => KafkajsDecoder;
  readonly decodeBatch: (
    decoder: KafkajsDecoder,
  ) => Promise<{ readonly records: readonly { readonly value: Buffer | null }[] }>;
  readonly crc32c: (bytes: Buffer) => number;
  readonly Long: { fromValue(value: number): object };
}

function loadModules(): KafkajsModules {
  const load = createRequire(import.meta.url);
  return {
    produce: load('kafkajs/src/protocol/requests/produce/v7/request.js') as KafkajsModules['produce'],
    frame: load('kafkajs/src/protocol/request.js') as KafkajsModules['frame'],
    Decoder: load('kafkajs/src/protocol/decoder.js') as KafkajsModules['Decoder'],
    decodeBatch: load('kafkajs/src/protocol/recordBatch/v0/decoder.js') as KafkajsModules['decodeBatch'],
    crc32c: load('kafkajs/src/protocol/recordBatch/crc32C/index.js') as KafkajsModules['crc32c'],
    Long: load('kafkajs/src/utils/long.js') as KafkajsModules['Long'],
  };
}

/** kafkajs's own, to compare with: it doesn't check the checksums of what it reads. */
export function createKafkajsCodecs(): RecordCodecs {
  const inside = loadModules();
  return {
    encodeProduce: async (records) => {
      const messages = records.map(({ key, value }) => ({ key, value, headers: codecHeaders }));
      const request = inside.produce({
        ...{ transactionalId: 'codecs-0', producerId: inside.Long.fromValue(1), producerEpoch: 0 },
        ...{ acks: -1, timeout: 10_000, compression: 0 },
        topicData: [{ topic: 'fleet.states', partitions: [{ partition: 0, firstSequence: 0, messages }] }],
      });
      const { buffer } = await inside.frame({ request, correlationId: 0, clientId: 'codecs' });
      return buffer;
    },
    decodeFetched: async (bytes) => {
      const decoder = new inside.Decoder(bytes);
      let records = 0;
      let valueBytes = 0;
      while (decoder.offset < bytes.length) {
        const batch = await inside.decodeBatch(decoder);
        records += batch.records.length;
        for (const { value } of batch.records) valueBytes += value?.length ?? 0;
      }
      return { records, valueBytes };
    },
    checksum: (bytes) => inside.crc32c(bytes) >>> 0,
  };
}
