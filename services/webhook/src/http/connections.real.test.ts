import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { deriveRobotSecret, toSecretText } from '@fleetstream/signing';
import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { contentTypes, topics, topicSpecs } from '@fleetstream/contracts';
import { createKafkaClient, ensureTopics, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { masterKey, robotEvent, signedHeaders, startPod, type TestPod } from '../../test/webhook-harness.ts';

/** Keeps the records of this run apart from those of other files on the same broker. */
const run = randomUUID().slice(0, 8);
const backing = { kafkaBrokers: inject('kafkaBrokers'), redisUrl: inject('redisUrl') };
const kafka = createKafkaClient({ brokers: [backing.kafkaBrokers], clientId: 'http-server-test', log: silentLog });

async function readIds(robotId: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key, value } of readLog({ kafka, topic: topics.events })) {
    if (String(key) === robotId) ids.push((JSON.parse(String(value)) as { id: string }).id);
  }
  return ids;
}

/** What comes back on a raw connection until the other side ends it. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

function head(headers: Record<string, string>, robotId = 'raw-1'): string {
  const lines = Object.entries({ host: 'pod', 'content-type': contentTypes.json, ...headers });
  return `POST /v1/robots/${robotId}/events HTTP/1.1\r\n${lines.map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`;
}

beforeAll(async () => {
  await ensureTopics(
    kafka,
    topicSpecs.filter(({ name }) => name === topics.events).map((spec) => ({ ...spec, partitions: 6 })),
  );
});

describe('unmodified SDKs', () => {
  let pod: TestPod;
  beforeAll(async () => {
    pod = await startPod(backing);
  });
  afterAll(() => pod.stop());

  const robotId = `sdk-${run}`;
  const event = (id: string, sequence: string) =>
    new CloudEvent({
      id,
      source: `/robots/${robotId}`,
      type: 'robot.telemetry.v1',
      sequence,
      bootid: 'b-1',
      data: { metrics: { temperature: { value: 40.5, unit: 'Cel' } } },
    });
  const webhook = new Webhook(toSecretText(deriveRobotSecret(masterKey, robotId, 1)));

  it.each([
    { mode: 'structured', toMessage: HTTP.structured, sequence: '7' },
    { mode: 'binary', toMessage: HTTP.binary, sequence: '8' },
  ])('cloudevents in $mode mode, signed by standardwebhooks', async ({ mode, toMessage, sequence }) => {
    const { headers, body } = toMessage(event(`sdk-${mode}`, sequence));
    const text = body as string;
    const now = new Date();
    const response = await fetch(`${pod.url}/v1/robots/${robotId}/events`, {
      method: 'POST',
      headers: {
        ...(headers as Record<string, string>),
        'webhook-id': `msg-${mode}`,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': webhook.sign(`msg-${mode}`, now, text),
      },
      body: text,
    });
    expect(await response.json()).toEqual({ results: [{ id: `sdk-${mode}`, result: 'accepted' }] });
    expect(await readIds(robotId)).toContain(`sdk-${mode}`);
  });
});

describe('bodies that never end well', () => {
  let pod: TestPod;
  beforeAll(async () => {
    pod = await startPod(backing, {
      WEBHOOK_BODY_TIMEOUT_MS: '300',
      WEBHOOK_MAX_BODY_BYTES: '750000',
      WEBHOOK_MAX_BYTES_IN_FLIGHT: '1500000',
    });
  });
  afterAll(() => pod.stop());

  it('a body that trickles is answered 408 at its deadline, and the connection ends', async () => {
    const socket = connect(pod.port, '127.0.0.1');
    socket.write(head({ 'content-length': '1000' }));
    const trickle = setInterval(() => socket.write(' '), 50);
    const startedMs = performance.now();
    const answer = await readAll(socket);
    clearInterval(trickle);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('FS_BODY_TIMEOUT');
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  it('a body announced as too large is answered 413 before any of it is sent, and without 100-continue', async () => {
    const socket = connect(pod.port, '127.0.0.1');
    socket.write(head({ 'content-length': '3000000', expect: '100-continue' }));
    const answer = await readAll(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('FS_BODY_TOO_LARGE');
  });

  it('an announced body within the limit is told to continue', async () => {
    const socket = connect(pod.port, '127.0.0.1');
    socket.write(head({ 'content-length': '2', expect: '100-continue', connection: 'close' }));
    socket.once('data', () => socket.write('{}'));
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 401 /);
  });

  it('a chunked body without end is answered 413 at the limit and cut off', async () => {
    const socket = connect(pod.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(head({ 'transfer-encoding': 'chunked' }));
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let sentBytes = 0;
    const flood = setInterval(() => {
      if (socket.writableLength < 1_000_000) {
        socket.write(chunk);
        sentBytes += chunk.length;
      }
    }, 1);
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 413 /);
    clearInterval(flood);
    expect(sentBytes).toBeLessThan(16_000_000);
  });

  it('bodies that fill the pod are turned away with 503, and what they held is given back', async () => {
    // Two of them fit; a tenth of the pod is kept for what is urgent.
    const half = Buffer.alloc(600_000, ' ');
    const sockets = Array.from({ length: 3 }, () => connect(pod.port, '127.0.0.1'));
    const answers = sockets.map((socket) => {
      socket.on('error', () => undefined);
      socket.write(head({ 'content-length': '620000' }));
      socket.write(half);
      return readAll(socket);
    });
    const texts = await Promise.all(answers);
    expect(texts.filter((text) => text.startsWith('HTTP/1.1 503'))).toHaveLength(1);
    expect(texts.find((text) => text.startsWith('HTTP/1.1 503'))).toMatch(/retry-after: [123]\r\n/);
    const metrics = await (await fetch(`${pod.url}/metrics`)).text();
    expect(metrics).toMatch(/^fleetstream_webhook_bytes_in_flight 0$/m);
  });

  it('a sender that hangs up in the middle leaves nothing behind', async () => {
    const socket = connect(pod.port, '127.0.0.1');
    socket.write(head({ 'content-length': '1000' }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const metrics = await (await fetch(`${pod.url}/metrics`)).text();
    expect(metrics).toMatch(/^fleetstream_webhook_senders_gone_total 1$/m);
    expect(metrics).toMatch(/^fleetstream_webhook_bytes_in_flight 0$/m);
  });
});

describe('an orderly stop', () => {
  it('answers every request that had begun and loses none that it accepted', async () => {
    // The long linger keeps all of them in flight when the stop begins.
    const pod = await startPod(backing, { WEBHOOK_LINGER_MS: '300', WEBHOOK_DRAIN_DELAY_MS: '100' });
    // Several robots: one alone may not have as many under way.
    const robotOf = (index: number) => `drain-${run}-${index % 8}`;
    const agent = new Agent({ keepAlive: true });
    const post = (id: string, robotId: string) =>
      new Promise<{ status: number | undefined; connection: string | undefined; text: string }>((resolve, reject) => {
        const body = JSON.stringify(robotEvent(robotId, id));
        const headers = { 'content-type': contentTypes.cloudEvent, ...signedHeaders(robotId, body) };
        const options = { host: '127.0.0.1', port: pod.port, method: 'POST', agent, headers };
        const sent = request({ ...options, path: `/v1/robots/${robotId}/events` }, (incoming) => {
          let text = '';
          incoming.on('data', (chunk: Buffer) => (text += chunk.toString()));
          incoming.on('end', () => {
            resolve({ status: incoming.statusCode, connection: incoming.headers.connection, text });
          });
        });
        sent.on('error', reject).end(body);
      });
    const ids = Array.from({ length: 48 }, (_, index) => `drain-${index}`);
    const answers = Promise.all(ids.map((id, index) => post(id, robotOf(index))));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = pod.stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    // Still listening, and saying that it is about to go.
    const readiness = await fetch(`${pod.url}/readyz`);
    expect(readiness.status).toBe(503);
    expect(await readiness.json()).toMatchObject({ draining: true, log: 'ok' });
    for (const { status, connection, text } of await answers) {
      expect(status).toBe(202);
      expect(connection).toBe('close');
      expect(text).toContain('"accepted"');
    }
    await stopped;
    const kept = await Promise.all(Array.from({ length: 8 }, (_, index) => readIds(robotOf(index))));
    expect(kept.flat().sort()).toEqual(ids.sort());
    await expect(fetch(`${pod.url}/healthz`)).rejects.toThrow();
    agent.destroy();
  });

  it('finishes what senders that hung up have left, before the log goes', async () => {
    const pod = await startPod(backing, { WEBHOOK_LINGER_MS: '300' });
    const robotId = `gone-${run}`;
    const body = JSON.stringify(robotEvent(robotId, 'gone-1'));
    const socket = connect(pod.port, '127.0.0.1');
    const headers = { ...signedHeaders(robotId, body), 'content-length': String(body.length) };
    socket.write(head(headers, robotId) + body);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    await pod.stop();
    expect(await readIds(robotId)).toEqual(['gone-1']);
  });
});
