import { contentTypes } from '@fleetstream/contracts';
import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { createEventCodec } from './event-codec.ts';

const codec = createEventCodec({ url: undefined, role: 'writer', log: silentLog });
const value = Buffer.from('{"id":"e-1"}');

describe('without a registry', () => {
  it('an event is written as the very bytes given', () => {
    expect(codec.status()).toBe('off');
    expect(codec.encode(value).value).toBe(value);
  });

  it('a JSON record is passed on as it is', () => {
    const record = { value, contentType: contentTypes.cloudEvent };
    expect(codec.toJson(record)).toBe(record);
  });

  it('Avro stops the reader: a forgotten variable must not make events dead letters', () => {
    expect(() => codec.toJson({ value, contentType: contentTypes.cloudEventAvro })).toThrow(
      expect.objectContaining({ code: 'FS_SCHEMA_REGISTRY_UNAVAILABLE' }),
    );
  });
});

describe('before its start', () => {
  it('a codec with a registry says that it waits, and writes nothing', () => {
    const waiting = createEventCodec({ url: 'http://127.0.0.1:1', role: 'writer', log: silentLog });
    expect(waiting.status()).toBe('waiting: not started');
    expect(() => waiting.encode(value)).toThrow(expect.objectContaining({ code: 'FS_SCHEMA_REGISTRY_UNAVAILABLE' }));
  });
});
