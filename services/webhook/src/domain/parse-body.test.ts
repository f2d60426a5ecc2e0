import { describe, expect, it } from 'vitest';
import { parseBody } from './parse-body.ts';

const parse = (headers: Record<string, string>, body: string | Buffer) =>
  parseBody(headers, Buffer.from(body), { maxEvents: 2, maxEventBytes: 40, maxJsonDepth: 8, maxTextBytes: 64 });

const structured = { 'content-type': 'application/cloudevents+json' };
const batch = { 'content-type': 'application/cloudevents-batch+json' };
const plain = { 'content-type': 'application/json' };
const binary = { 'ce-specversion': '1.0', 'ce-id': 'e-1', 'ce-type': 'robot.state.v1', 'ce-sequence': '7' };
const binaryEvent = { specversion: '1.0', id: 'e-1', type: 'robot.state.v1', sequence: '7' };

describe('parseBody', () => {
  it.each([
    { name: 'a structured event', headers: structured, body: '{"id":"1"}', events: [{ id: '1' }], bytes: true },
    {
      name: 'a content type with parameters and capitals',
      headers: { 'content-type': 'Application/CloudEvents+JSON; charset="UTF-8"' },
      body: '{}',
      events: [{}],
      bytes: true,
    },
    { name: 'a plain object', headers: plain, body: ' {} ', events: [{}], bytes: true },
    { name: 'a plain array', headers: plain, body: '[{},1]', events: [{}, 1], bytes: true },
    { name: 'a batch of one', headers: batch, body: '[{}]', events: [{}], bytes: true },
    {
      name: 'a binary event',
      headers: { ...plain, ...binary, 'ce-subject': 'Gr%C3%BC%C3%9Fe', 'ce-data': '"smuggled"' },
      body: '{"a":1}',
      events: [{ ...binaryEvent, subject: 'Grüße', data: { a: 1 } }],
      bytes: false,
    },
    {
      name: 'a binary event with a per cent sign that encodes nothing',
      headers: { ...plain, ...binary, 'ce-subject': '100%' },
      body: '1',
      events: [{ ...binaryEvent, subject: '100%', data: 1 }],
      bytes: false,
    },
    { name: 'a binary event without data', headers: binary, body: '', events: [binaryEvent], bytes: false },
    {
      name: 'a structured event in spite of ce- headers',
      headers: { ...binary, ...structured },
      body: '{}',
      events: [{}],
      bytes: true,
    },
  ])('reads $name', ({ headers, body, events, bytes }) => {
    expect(parse(headers, body)).toMatchObject({ kind: 'parsed', events, spansAreEvents: bytes });
  });

  it.each([
    { name: 'an empty body', headers: structured, body: '', code: 'FS_BODY_EMPTY' },
    { name: 'an empty batch', headers: plain, body: '[]', code: 'FS_BODY_EMPTY' },
    { name: 'broken JSON', headers: plain, body: '{"a":1,}', code: 'FS_BODY_UNREADABLE' },
    { name: 'two values', headers: plain, body: '{}{}', code: 'FS_BODY_UNREADABLE' },
    { name: 'a byte order mark', headers: plain, body: '\uFEFF{}', code: 'FS_BODY_BYTE_ORDER_MARK' },
    {
      name: 'bytes that are not UTF-8',
      headers: plain,
      body: Buffer.from([0x22, 0xff, 0x22]),
      code: 'FS_BODY_NOT_UTF8',
    },
    { name: 'a batch that is an object', headers: batch, body: '{}', code: 'FS_EVENT_MALFORMED' },
    { name: 'one event too many', headers: batch, body: '[1,2,3]', code: 'FS_BATCH_TOO_LONG' },
    {
      name: 'an event too large, unparsed',
      headers: plain,
      body: `{"a":"${'b'.repeat(35)}`,
      code: 'FS_EVENT_TOO_LARGE',
    },
    {
      name: 'too large a list that is one event',
      headers: structured,
      body: `[${'1,'.repeat(20)}`,
      code: 'FS_EVENT_TOO_LARGE',
    },
    { name: 'more blanks than an event has bytes', headers: plain, body: ' '.repeat(41), code: 'FS_EVENT_TOO_LARGE' },
    { name: 'a large list of too many', headers: plain, body: ` [${'1,'.repeat(20)}1]`, code: 'FS_BATCH_TOO_LONG' },
    { name: 'no content type', headers: {}, body: '{}', code: 'FS_CONTENT_TYPE_UNSUPPORTED' },
    { name: 'XML', headers: { 'content-type': 'text/xml' }, body: '<a/>', code: 'FS_CONTENT_TYPE_UNSUPPORTED' },
    {
      name: 'an event format other than JSON',
      headers: { ...binary, 'content-type': 'application/cloudevents+avro' },
      body: '{}',
      code: 'FS_CONTENT_TYPE_UNSUPPORTED',
    },
    {
      name: 'binary data that is not JSON',
      headers: { ...binary, 'content-type': 'image/png' },
      body: 'x',
      code: 'FS_CONTENT_TYPE_UNSUPPORTED',
    },
    {
      name: 'another charset',
      headers: { 'content-type': 'application/json; charset=latin1' },
      body: '{}',
      code: 'FS_CONTENT_TYPE_UNSUPPORTED',
    },
  ])('refuses $name with $code', ({ headers, body, code }) => {
    expect(parse(headers, body)).toMatchObject({ kind: 'refused', code });
  });

  it('says nothing of what is in the body', () => {
    expect(JSON.stringify(parse(plain, '{"secret": hunter2}'))).not.toContain('hunter2');
  });
});
