import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backing, robotEvent, startBacking, startPod, type TestPod, waitUntil } from '../test/webhook-harness.ts';

let backing: Backing;
let pod: TestPod;

beforeAll(async () => {
  backing = await startBacking();
  pod = await startPod(backing, { WEBHOOK_ACK_TIMEOUT_MS: '2000', WEBHOOK_CACHE_TIMEOUT_MS: '1000' });
});

afterAll(async () => {
  await pod.stop();
  await backing.close();
});

const ready = async () => (await fetch(`${pod.url}/readyz`)).status === 200;
const metrics = async () => await (await fetch(`${pod.url}/metrics`)).text();
const text = (event: object) => JSON.stringify(event);

describe('a webhook pod answers as documented and loses nothing', () => {
  const accepted: string[] = [];

  it('appends a canonical event as the very bytes received', async () => {
    const body = `  ${text(robotEvent('r-1', 'e-1'))}\n`;
    const answer = await pod.post('r-1', body);
    expect(answer).toMatchObject({ status: 202, body: { results: [{ id: 'e-1', result: 'accepted' }] } });
    const records = await backing.readEvents();
    expect(records).toEqual([{ key: 'r-1', value: body, contentType: 'application/cloudevents+json' }]);
    accepted.push('e-1');
  });

  it('knows an event that it has accepted before', async () => {
    const answer = await pod.post('r-1', text(robotEvent('r-1', 'e-1')));
    expect(answer).toMatchObject({ status: 202, body: { results: [{ id: 'e-1', result: 'duplicate' }] } });
  });

  it('says of every event of a batch what became of it, in their order', async () => {
    const events = [
      robotEvent('r-1', 'b-1'),
      { ...robotEvent('r-1', 'b-2'), type: 'robot.unheard-of.v1' },
      robotEvent('r-1', 'b-1'),
      robotEvent('r-1', 'e-1'),
      robotEvent('r-2', 'b-3'),
      { type: 'robot.telemetry.v1', data: { metrics: { temperature: { value: 41, unit: 'Cel' } } } },
    ];
    const answer = await pod.post('r-1', text(events), {
      webhookId: 'msg_batch',
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(202);
    expect(answer.body.results?.map(({ id, result, code }) => [id, result, code])).toEqual([
      ['b-1', 'accepted', undefined],
      ['b-2', 'rejected', 'FS_EVENT_TYPE_UNKNOWN'],
      ['b-1', 'duplicate', undefined],
      ['e-1', 'duplicate', undefined],
      ['b-3', 'rejected', 'FS_ROBOT_MISMATCH'],
      ['msg_batch-5', 'accepted', undefined],
    ]);
    accepted.push('b-1', 'msg_batch-5');
  });

  const canonical = text(robotEvent('r-1', 'refused'));
  it.each([
    { name: 'no signature', body: canonical, options: { unsigned: true }, status: 401, code: 'FS_SIGNATURE_MISSING' },
    {
      name: 'a wrong signature',
      body: canonical,
      options: { headers: { 'webhook-signature': 'v1,AAAA' } },
      status: 401,
      code: 'FS_SIGNATURE_INVALID',
    },
    {
      name: "another robot's signature",
      body: canonical,
      options: { secretOf: 'r-2' },
      status: 401,
      code: 'FS_SIGNATURE_INVALID',
    },
    {
      name: 'an unknown type',
      body: text({ ...robotEvent('r-1', 'refused'), type: 'robot.unheard-of.v1' }),
      options: {},
      status: 422,
      code: 'FS_EVENT_TYPE_UNKNOWN',
    },
    {
      name: 'an event of another robot',
      body: text(robotEvent('r-2', 'refused')),
      options: {},
      status: 422,
      code: 'FS_ROBOT_MISMATCH',
    },
    { name: 'broken JSON', body: '{"id": ', options: {}, status: 400, code: 'FS_BODY_UNREADABLE' },
    { name: 'a body of 2 MB', body: ' '.repeat(2e6), options: {}, status: 413, code: 'FS_BODY_TOO_LARGE' },
    { name: 'an empty body', body: '', options: {}, status: 400, code: 'FS_BODY_EMPTY' },
    {
      name: 'an event that is too large',
      body: text(robotEvent('r-1', 'refused', { raw: Array(4).fill('x'.repeat(75_000)) })),
      options: {},
      status: 422,
      code: 'FS_EVENT_TOO_LARGE',
    },
    {
      name: 'a batch that is too long',
      body: `[${Array(501).fill('{}').join()}]`,
      options: { headers: { 'content-type': 'application/cloudevents-batch+json' } },
      status: 422,
      code: 'FS_BATCH_TOO_LONG',
    },
    {
      name: 'a content type that is none of events',
      body: canonical,
      options: { headers: { 'content-type': 'text/plain' } },
      status: 415,
      code: 'FS_CONTENT_TYPE_UNSUPPORTED',
    },
  ])('turns away $name with $status $code', async ({ body, options, status, code }) => {
    const answer = await pod.post('r-1', body, {
      ...options,
      headers: { 'x-request-id': 'req-7', ...options.headers },
    });
    expect(answer).toMatchObject({ status, body: { status, code, requestId: 'req-7' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each([
    { name: 'a robot id that is none', method: 'POST', path: '/v1/robots/.../events', status: 400 },
    { name: 'a method that is not POST', method: 'GET', path: '/v1/robots/r-1/events', status: 405 },
    { name: 'any other path', method: 'GET', path: '/v1/robots', status: 404 },
    { name: 'a broken percent-encoding', method: 'GET', path: '/v1/robots/%zz/events', status: 404 },
  ])('answers $name with $status', async ({ method, path, status }) => {
    const response = await fetch(pod.url + path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status });
  });

  it('accepts a payload of 204 kB and a robot whose clock is off by days, which it counts and is told', async () => {
    const body = text(robotEvent('r-1', 'large', { raw: 'x'.repeat(204_000) }));
    const answer = await pod.post('r-1', body, { timestampSeconds: 1_600_000_000 });
    expect(answer.body.results).toEqual([{ id: 'large', result: 'accepted' }]);
    expect(answer.body.clockOffsetMs).toBeGreaterThan(86_400_000);
    expect(await metrics()).toContain('fleetstream_webhook_clock_out_of_window_total 1');
    accepted.push('large');
  });

  it('accepts without Redis, quickly, and looks duplicates up again when it is back', async () => {
    await backing.stopRedis();
    const startedMs = performance.now();
    for (let n = 0; n < 20; n++) {
      const answer = await pod.post('r-3', text(robotEvent('r-3', `no-redis-${n}`)));
      expect(answer.body.results?.[0]?.result).toBe('accepted');
      accepted.push(`no-redis-${n}`);
    }
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(await ready()).toBe(true);
    expect(await metrics()).toContain('fleetstream_webhook_redis_breaker_state{state="open"} 1');
    await backing.startRedis();
    let n = 0;
    await waitUntil(async () => {
      const body = text(robotEvent('r-3', `redis-back-${(n += 1)}`));
      accepted.push(`redis-back-${n}`);
      await pod.post('r-3', body);
      return (await pod.post('r-3', body)).body.results?.[0]?.result === 'duplicate';
    });
  });

  it('says 503 while Kafka is stopped, quickly, and goes on by itself when it is back', async () => {
    await backing.stopKafka();
    await waitUntil(async () => {
      await pod.post('r-4', text(robotEvent('r-4', 'unknown-outcome')));
      return !(await ready());
    });
    const startedMs = performance.now();
    const answer = await pod.post(
      'r-4',
      text([robotEvent('r-4', 'k-1'), { ...robotEvent('r-4', 'k-2'), type: 'no.v1' }]),
      {
        headers: { 'content-type': 'application/cloudevents-batch+json' },
      },
    );
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(answer).toMatchObject({ status: 503, body: { code: 'FS_BROKER_UNAVAILABLE' } });
    expect(answer.body.results?.map(({ result }) => result)).toEqual(['retry', 'rejected']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    // What needs no log is answered as ever.
    expect((await pod.post('r-4', '{}', { secretOf: 'r-5' })).status).toBe(401);
    await backing.startKafka();
    await waitUntil(ready);
    const again = await pod.post('r-4', text(robotEvent('r-4', 'k-1')));
    expect(again.body.results).toEqual([{ id: 'k-1', result: 'accepted' }]);
    accepted.push('k-1');
  });

  it('loses nothing it accepted while Kafka goes and comes under load', async () => {
    let going = true;
    const send = async (robotId: string) => {
      for (let n = 0; going; n++) {
        const id = `${robotId}-${n}`;
        const answer = await pod.post(robotId, text(robotEvent(robotId, id)));
        if (answer.body.results?.[0]?.result === 'accepted') accepted.push(id);
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const senders = Array.from({ length: 16 }, (_, index) => send(`load-${index}`));
    for (let round = 0; round < 2; round++) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      await backing.stopKafka();
      await backing.startKafka();
      await waitUntil(ready);
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
    going = false;
    await Promise.all(senders);
  }, 120_000);

  it('holds every event in the log that it ever answered with "accepted", and the refused ones not', async () => {
    const ids = new Set((await backing.readEvents()).map(({ value }) => (JSON.parse(value) as { id: string }).id));
    expect(accepted.filter((id) => !ids.has(id))).toEqual([]);
    expect(accepted.length).toBeGreaterThan(100);
    expect(ids.has('refused')).toBe(false);
  });
});
