import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { contentTypes, topics } from '@fleetstream/contracts';
import { fetchCommitted, fetchOffsets, type LogRecord, readLog } from '@fleetstream/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ProcessorHarness,
  type RunningProcessor,
  startHarness,
  type WrittenRecord,
} from '../test/processor-harness.ts';

const json = { 'content-type': contentTypes.cloudEvent };
const avro = { 'content-type': contentTypes.cloudEventAvro };
const event = (data: object, more: object = {}) =>
  JSON.stringify({
    ...{ specversion: '1.0', id: 'p', source: '/robots/agv-1', type: 'robot.state.v1', data },
    ...more,
  });
/** In Confluent's wire format, of a schema that the registry doesn't know. */
const unknownSchema = Buffer.from([0, 0, 0, 4, 210, 1, 2, 3]);

const poison: readonly { readonly name: string; readonly record: WrittenRecord; readonly detail: RegExp }[] = [
  { name: 'no value', record: { key: 'agv-1', value: null, headers: json }, detail: /no value/ },
  { name: 'an empty value', record: { key: 'agv-1', value: '', headers: json }, detail: /not JSON/ },
  { name: 'no JSON', record: { key: 'agv-1', value: '{"specversion":', headers: json }, detail: /not JSON/ },
  {
    name: 'bytes that are no text',
    record: { key: 'agv-1', value: Buffer.from([0xff, 0xfe, 0, 1]), headers: json },
    detail: /not JSON/,
  },
  { name: 'JSON that is no event', record: { key: 'agv-1', value: '[1,2]', headers: json }, detail: /./ },
  { name: 'no content type', record: { key: 'agv-1', value: event({}), headers: {} }, detail: /content-type/ },
  {
    name: 'another content type',
    record: { key: 'agv-1', value: event({}), headers: { 'content-type': 'text/plain' } },
    detail: /content-type/,
  },
  {
    name: 'a type that is not known',
    record: { key: 'agv-1', value: event({}, { type: 'robot.dance.v1' }), headers: json },
    detail: /robot\.dance/,
  },
  {
    name: 'data that does not fit',
    record: { key: 'agv-1', value: event({ battery: 'full' }), headers: json },
    detail: /data\.battery/,
  },
  { name: "another robot's source", record: { key: 'agv-2', value: event({}), headers: json }, detail: /source/ },
  { name: 'no key', record: { key: null, value: event({}), headers: json, partition: 0 }, detail: /key/ },
  { name: 'a key that is no robot id', record: { key: '../etc', value: event({}), headers: json }, detail: /key/ },
  { name: 'Avro of an unknown schema', record: { key: 'agv-1', value: unknownSchema, headers: avro }, detail: /Avro/ },
  { name: 'Avro in no wire format', record: { key: 'agv-1', value: 'avro?', headers: avro }, detail: /Avro/ },
  {
    name: 'as many bytes as the log takes',
    record: { key: 'agv-1', value: Buffer.alloc(1_040_000, 0x7a), headers: json },
    detail: /not JSON/,
  },
  {
    name: 'an event as large as the log takes, too much of it',
    record: { key: 'agv-1', value: event({ mode: 'x'.repeat(1_000_000) }), headers: json },
    detail: /data\.mode/,
  },
  {
    name: 'headers of its own',
    record: { key: 'agv-1', value: 'x', headers: { ...json, 'x-own': 'kept', 'fs-reason': 'forged' } },
    detail: /not JSON/,
  },
];

let harness: ProcessorHarness;
let one: RunningProcessor;
let registry: Server;
let registryUrl: string;

beforeAll(async () => {
  registry = createServer((_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error_code":40403,"message":"not found"}');
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  harness = await startHarness(1);
  registryUrl = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  one = await harness.start('one', { SCHEMA_REGISTRY_URL: registryUrl });
});

afterAll(async () => {
  await harness.stop();
  registry.closeAllConnections();
  await new Promise((resolve) => registry.close(resolve));
});

async function readLetters(): Promise<LogRecord[]> {
  const letters: LogRecord[] = [];
  for await (const record of readLog({ kafka: harness.client(), topic: topics.deadLetters })) letters.push(record);
  return letters;
}

const headersOf = ({ headers }: LogRecord) =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value?.toString() ?? '']));

describe('poison', () => {
  it('goes to the dead letters untouched, with reason and origin, and holds nothing up', async () => {
    for (const { record } of poison) await harness.write([record]);
    await harness.append([{ robotId: 'agv-1', event: { type: 'robot.state.v1', data: { mode: 'AUTOMATIC' } } }]);
    await harness.caughtUp();
    const letters = await readLetters();
    expect(letters.map((letter) => headersOf(letter)['fs-origin-offset'])).toEqual(poison.map((_, at) => String(at)));
    const { state } = await one.getJson<{ state: object }>('/v1/robots/agv-1');
    expect(state).toMatchObject({ reported: { mode: 'AUTOMATIC' }, counters: { events: 1 } });
    expect((await one.get('/metrics')).body).toContain(`dead_letters_total{step="decode"} ${poison.length}`);
  });

  it.each(poison.map(({ name, record, detail }, at) => ({ name, record, detail, at })))(
    '$name',
    async ({ record, detail, at }) => {
      const letter = (await readLetters())[at];
      if (letter === undefined) expect.unreachable();
      expect(letter.key?.toString() ?? null).toBe(record.key);
      expect(letter.value === null ? null : Buffer.compare(letter.value, Buffer.from(record.value ?? ''))).toBe(
        record.value === null ? null : 0,
      );
      const headers = headersOf(letter);
      expect(headers).toMatchObject({
        ...record.headers,
        'fs-reason': 'FS_RECORD_UNDECODABLE',
        'fs-step': 'decode',
        'fs-origin-topic': topics.events,
        'fs-origin-partition': '0',
      });
      expect(headers['fs-detail']).toMatch(detail);
    },
  );

  it('is committed with its offset: a restart writes none of it again', async () => {
    await one.stop();
    one = await harness.start('elsewhere', { SCHEMA_REGISTRY_URL: registryUrl });
    await harness.append([{ robotId: 'agv-1', event: { type: 'robot.state.v1', data: { mode: 'MANUAL' } } }]);
    await harness.caughtUp();
    expect(await readLetters()).toHaveLength(poison.length);
    const [committed, ranges] = await Promise.all([
      fetchCommitted(harness.client(), 'fleetstream-processor', topics.events),
      fetchOffsets(harness.client(), topics.events),
    ]);
    expect(committed.get(0)).toBe(ranges.get(0)?.end);
  });
});
