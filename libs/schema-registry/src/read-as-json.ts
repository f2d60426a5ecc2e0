import { type EventCodec, type StoredValue } from './event-codec.ts';

/**
 * Records with their values as JSON, in the order given; what is JSON already is passed on untouched.
 *
 * @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE
 */
export async function* readAsJson<Item extends StoredValue>(
  codec: Pick<EventCodec, 'prepare' | 'toJson'>,
  records: AsyncIterable<Item>,
): AsyncGenerator<Item> {
  for await (const record of records) {
    await codec.prepare([record]);
    const json = codec.toJson(record);
    yield json === record ? record : { ...record, ...json };
  }
}
