import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { openSharedTable } from '@fleetstream/cache';
import { silentLog } from '@fleetstream/kernel';
import {
  deriveSignerSecret,
  keyTableName,
  signContentPublic,
  toPublicKeyText,
  toSecretText,
} from '@fleetstream/signing';
import { CloudEvent, emitterFor, HTTP, type Message, Mode } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Backing,
  masterKey,
  type PostAnswer,
  robotEvent,
  signedHeaders,
  startBacking,
  startPod,
  type TestPod,
  waitUntil,
} from '../test/webhook-harness.ts';

let backing: Backing;
let pod: TestPod;

beforeAll(async () => {
  backing = await startBacking();
  pod = await startPod(backing, {
    WEBHOOK_ACK_TIMEOUT_MS: '5000',
    WEBHOOK_CACHE_TIMEOUT_MS: '1000',
    WEBHOOK_KEYS_REFRESH_MS: '50',
    WEBHOOK_MAX_INFLATE_RATIO: '50',
  });
});

afterAll(async () => {
  await pod.stop();
  await backing.close();
});

/** Signs with the SDK of Standard Webhooks, and posts what is given as it is. */
async function send(path: string, headers: Record<string, string>, body: string, kind: 'robot' | 'fleet' = 'robot') {
  const signer = new Webhook(toSecretText(deriveSignerSecret(masterKey, kind, path.split('/')[3] ?? '', 1)));
  const id = `msg_${randomUUID()}`;
  const now = new Date();
  const signed = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': signer.sign(id, now, body),
  };
  return await post(path, { ...headers, ...signed }, body);
}

async function post(path: string, headers: Record<string, string>, body: string | Buffer): Promise<PostAnswer> {
  const response = await fetch(pod.url + path, { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });
  return { status: response.status, headers: response.headers, body: (await response.json()) as PostAnswer['body'] };
}

const toEvent = (id: string) =>
  new CloudEvent({
    id,
    source: '/robots/r-1',
    type: 'robot.telemetry.v1',
    time: '2026-03-01T10:00:00.000Z',
    datacontenttype: 'application/json',
    data: { metrics: { temperature: { value: 41.5, unit: 'Cel' } } },
  });

const textHeaders = (message: Message) => message.headers as Record<string, string>;
const results = (answer: PostAnswer) => answer.body.results?.map(({ id, result }) => `${id} ${result}`);

describe('the SDK of CloudEvents, signed by the SDK of Standard Webhooks, is taken', () => {
  const path = '/v1/robots/r-1/events';

  it('in binary mode', async () => {
    const message = HTTP.binary(toEvent('binary'));
    expect(results(await send(path, textHeaders(message), message.body as string))).toEqual(['binary accepted']);
  });

  it('in structured mode', async () => {
    const message = HTTP.structured(toEvent('structured'));
    expect(results(await send(path, textHeaders(message), message.body as string))).toEqual(['structured accepted']);
  });

  it('in batches of what it makes of events', async () => {
    const body = JSON.stringify([toEvent('batch-1'), toEvent('batch-2')]);
    const answer = await send(path, { 'content-type': 'application/cloudevents-batch+json' }, body);
    expect(results(answer)).toEqual(['batch-1 accepted', 'batch-2 accepted']);
  });

  it.each([Mode.BINARY, Mode.STRUCTURED])('through its emitter, %s', async (mode) => {
    const answers: PostAnswer[] = [];
    const emit = emitterFor(
      async (message) => {
        answers.push(await send(path, textHeaders(message), message.body as string));
      },
      { binding: HTTP, mode },
    );
    await emit(toEvent(`emitted-${mode}`));
    expect(answers.map(results)).toEqual([[`emitted-${mode} accepted`]]);
  });

  it('and what the pod stored is read back by it, unchanged', async () => {
    const records = await backing.readEvents();
    const stored = records.find(({ value }) => value.includes('"structured"'));
    const headers = { 'content-type': stored?.contentType ?? '' };
    expect(HTTP.toEvent({ headers, body: stored?.value ?? '' })).toEqual(toEvent('structured'));
  });
});

describe('gzip', () => {
  const json = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const sendZipped = (body: Buffer, robotId = 'r-2') =>
    post(`/v1/robots/${robotId}/events`, { ...json, ...signedHeaders(robotId, body) }, body);

  it('is inflated after the signature over the compressed bytes held', async () => {
    const text = JSON.stringify([robotEvent('r-2', 'z-1'), robotEvent('r-2', 'z-2')]);
    expect(results(await sendZipped(gzipSync(text)))).toEqual(['z-1 accepted', 'z-2 accepted']);
    const zipped = gzipSync(text);
    const overText = await post('/v1/robots/r-2/events', { ...json, ...signedHeaders('r-2', text) }, zipped);
    expect(overText).toMatchObject({ status: 401, body: { code: 'FS_SIGNATURE_INVALID' } });
  });

  const good = gzipSync(JSON.stringify(robotEvent('r-2', 'never')));
  const patch = (at: number, byte: number) => {
    const changed = Buffer.from(good);
    changed[at < 0 ? changed.length + at : at] = byte;
    return changed;
  };

  it.each([
    { name: 'a bomb by its size', body: gzipSync(Buffer.alloc(3_000_000, 0x20)), code: 'FS_BODY_TOO_LARGE' },
    { name: 'a bomb by its ratio', body: gzipSync(Buffer.alloc(900_000, 0x20)), code: 'FS_BODY_TOO_LARGE' },
    {
      name: 'a bomb that says it is small',
      body: Buffer.concat([gzipSync(Buffer.alloc(3_000_000, 0x20)).subarray(0, -4), Buffer.from([9, 0, 0, 0])]),
      code: 'FS_BODY_INFLATE_FAILED',
    },
    { name: 'two members', body: Buffer.concat([good, good]), code: 'FS_BODY_INFLATE_FAILED' },
    { name: 'a cut stream', body: good.subarray(0, -9), code: 'FS_BODY_TOO_LARGE' },
    { name: 'a wrong checksum', body: patch(-8, 1), code: 'FS_BODY_INFLATE_FAILED' },
    { name: 'a wrong size', body: patch(-4, 1), code: 'FS_BODY_INFLATE_FAILED' },
    { name: 'no gzip at all', body: Buffer.from('{"type":"robot.state.v1"}\0\0\0'), code: 'FS_BODY_INFLATE_FAILED' },
    { name: 'nearly nothing', body: Buffer.from('{}'), code: 'FS_BODY_INFLATE_FAILED' },
  ])('that is $name ends in $code', async ({ body, code }) => {
    const answer = await sendZipped(body);
    // What a cut stream takes for its size is chance.
    const codes = code === 'FS_BODY_TOO_LARGE' ? [code, 'FS_BODY_INFLATE_FAILED'] : [code];
    expect(codes).toContain(answer.body.code);
  });

  it('is the only encoding', async () => {
    const answer = await post(
      '/v1/robots/r-2/events',
      { ...json, 'content-encoding': 'br', ...signedHeaders('r-2', '{}') },
      '{}',
    );
    expect(answer).toMatchObject({ status: 415, body: { code: 'FS_CONTENT_TYPE_UNSUPPORTED' } });
  });
});

describe('keys, by the table in Redis', () => {
  const write = async (name: string, entry: object) => {
    const table = await openSharedTable(backing.redisUrl, keyTableName, silentLog);
    await table.write([[name, JSON.stringify(entry)]]);
    table.close();
  };
  let sent = 0;
  const sendAs = async (robotId: string, keyVersion: number) => {
    const body = JSON.stringify(robotEvent(robotId, `k-${(sent += 1)}`));
    const id = `msg_${sent}`;
    const signer = new Webhook(toSecretText(deriveSignerSecret(masterKey, 'robot', robotId, keyVersion)));
    const headers = {
      'content-type': 'application/cloudevents+json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': signer.sign(id, new Date(), body),
    };
    return (await post(`/v1/robots/${robotId}/events`, headers, body)).status;
  };

  it('rotate without a refusal, and end the old version by its time', async () => {
    expect([await sendAs('k', 1), await sendAs('k', 2)]).toEqual([202, 401]);
    await write('*', { versions: [{ version: 1, notAfterMs: Date.now() + 3000 }, { version: 2 }] });
    await waitUntil(async () => (await sendAs('k', 2)) === 202);
    expect(await sendAs('k', 1)).toBe(202);
    await waitUntil(async () => (await sendAs('k', 1)) === 401);
    expect(await sendAs('k', 2)).toBe(202);
    await write('*', {});
    await waitUntil(async () => (await sendAs('k', 1)) === 202);
  });

  it('are revoked within moments, also while Redis is emptied or away', async () => {
    await write('robot:gone', { revoked: true });
    await waitUntil(async () => (await sendAs('gone', 1)) === 401);
    expect(await sendAs('k', 1)).toBe(202);
    const table = await openSharedTable(backing.redisUrl, keyTableName, silentLog);
    await backing.stopRedis();
    expect(await sendAs('gone', 1)).toBe(401);
    // Without what was in it: the test's Redis keeps nothing.
    await backing.startRedis();
    table.close();
    await waitUntil(async () => {
      const again = await openSharedTable(backing.redisUrl, keyTableName, silentLog);
      const entry = await again.read('robot:gone');
      again.close();
      return entry === '{"revoked":true}';
    });
    expect(await sendAs('gone', 1)).toBe(401);
  });

  it('of ed25519 are those that the robot registered', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    await write('robot:ed', { versions: [], publicKeys: [toPublicKeyText(publicKey)] });
    await waitUntil(async () => (await sendAs('ed', 1)) === 401);
    const body = JSON.stringify(robotEvent('ed', 'signed-by-its-own'));
    const content = { id: 'msg_ed', timestamp: String(Math.floor(Date.now() / 1000)), body: Buffer.from(body) };
    const answer = await post(
      '/v1/robots/ed/events',
      {
        'content-type': 'application/cloudevents+json',
        'webhook-id': content.id,
        'webhook-timestamp': content.timestamp,
        'webhook-signature': signContentPublic(privateKey, content),
      },
      body,
    );
    expect(results(answer)).toEqual(['signed-by-its-own accepted']);
  });

  it('of a fleet are good for its robots alone, one by one', async () => {
    const path = '/v1/fleets/hall-3/events';
    const body = JSON.stringify([robotEvent('h3-1', 'f-1'), robotEvent('h3-2', 'f-1'), robotEvent('r-1', 'f-1')]);
    const json = { 'content-type': 'application/json' };
    expect((await send(path, json, body, 'fleet')).body.code).toBe('FS_FLEET_ROBOT_FOREIGN');
    await write('fleet:hall-3', { robots: ['h3-*'] });
    await waitUntil(async () => (await send(path, json, body, 'fleet')).status === 202);
    const answer = await send(path, json, body, 'fleet');
    expect(answer.body.results?.map(({ result, code }) => code ?? result)).toEqual([
      'duplicate',
      'duplicate',
      'FS_FLEET_ROBOT_FOREIGN',
    ]);
    expect((await send(path, json, body, 'robot')).status).toBe(401);
    const records = await backing.readEvents();
    expect(
      records
        .filter(({ value }) => value.includes('"f-1"'))
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['h3-1', 'h3-2']);
  });
});

describe('documents', () => {
  it('say what may be posted, as JSON Schema and as OpenAPI', async () => {
    const api = (await (await fetch(`${pod.url}/openapi.json`)).json()) as { openapi: string; paths: object };
    expect(api.openapi).toBe('3.1.0');
    expect(Object.keys(api.paths)).toContain('/v1/fleets/{fleetId}/events');
    const schema = await fetch(`${pod.url}/schemas/robot.state.v1`);
    expect(await schema.json()).toMatchObject({ $id: '/schemas/robot.state.v1', required: ['type', 'data'] });
    expect((await fetch(`${pod.url}/schemas/nothing.v1`)).status).toBe(404);
  });

  it.each(['vda5050/state', 'vda5050/connection', 'massrobotics/status'])(
    '%s takes messages as they are',
    async (what) => {
      const json = { 'content-type': 'application/json' };
      const one = await send(`/v1/robots/d-1/${what}`, json, '{"timestamp":"2026-03-01T10:00:00Z","odd":[{}]}');
      expect(one.status).toBe(202);
      const two = await send(`/v1/robots/d-1/${what}`, json, '[{"a":1},7]');
      expect(two.body.results?.map(({ result }) => result)).toEqual(['accepted', 'rejected']);
    },
  );
});
