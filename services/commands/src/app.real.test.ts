import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backing, startBacking, startService, type TestService } from '../test/commands-harness.ts';

let backing: Backing;
let service: TestService;
let platform: TestPlatform;

/** A Robot Platform and a robot's callback behind one port. */
interface TestPlatform {
  readonly url: string;
  answer: 'list' | 'fail';
  lists: number;
  readonly pushed: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
  callbackStatus: number;
  readonly server: Server;
}

async function startPlatform(): Promise<TestPlatform> {
  const made = { answer: 'list' as const, lists: 0, pushed: [], callbackStatus: 204 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/callback') {
        platform.pushed.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(platform.callbackStatus).end();
        return;
      }
      platform.lists += 1;
      if (platform.answer === 'fail') {
        response.writeHead(500).end();
        return;
      }
      const robots = [
        { id: 'pulled', name: 'Pulled' },
        { id: 'pushed', callbackUrl: `${platform.url}/callback` },
        { id: 'vda', callbackUrl: `${platform.url}/callback`, commandEncoding: 'vda5050' },
      ];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ robots }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { ...made, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

beforeAll(async () => {
  [backing, platform] = await Promise.all([startBacking(), startPlatform()]);
  service = await startService(backing, {
    COMMANDS_PLATFORM_URL: platform.url,
    COMMANDS_PLATFORM_FRESH_MS: '1000',
    COMMANDS_PLATFORM_BREAKER_RESET_MS: '200',
    COMMANDS_ALLOW_PRIVATE_CALLBACKS: 'true',
    COMMANDS_REOFFER_MS: '1500',
  });
});

afterAll(async () => {
  await service.stop();
  platform.server.closeAllConnections();
  await new Promise((resolve) => platform.server.close(resolve));
  await backing.close();
});

const eventually = <Value>(read: () => Value) => expect.poll(read, { timeout: 10_000, interval: 50 });
const move = { action: 'move', parameters: { x: 1, y: 2 } };
const robotOf = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const statusOf = async (id: string) => (await service.get(`/v1/commands/${id}`)).body['status'];
const request = async (robotId: string, body: object = move) => {
  const answer = await service.post(robotId, body);
  expect(answer).toMatchObject({ status: 202, body: { robotId, status: 'REQUESTED' } });
  return String(answer.body['commandId']);
};
const commandsOf = (answer: { readonly body: Record<string, unknown> }) =>
  answer.body['commands'] as { readonly commandId: string; readonly attempt: number }[];

describe('a command', () => {
  it('goes from its request over the robot that waits for it to its end, each step in the log', async () => {
    const robotId = robotOf('amr');
    const polling = service.poll(robotId, { waitSeconds: 20 });
    const answer = await service.post(robotId, { ...move, reason: 'because' }, { key: 'k-1' });
    const commandId = String(answer.body['commandId']);
    expect(commandId).toMatch(/^cmd-[0-9a-f]{24}$/);
    expect(answer.headers.get('location')).toBe(`/v1/commands/${commandId}`);
    const polled = await polling;
    expect(polled.body).toMatchObject({ commands: [{ commandId, ...move, attempt: 1 }] });
    for (const status of ['ACKED', 'RUNNING', 'SUCCEEDED']) {
      await backing.say(robotId, 'robot.command-ack.v1', {
        commandId,
        status,
        ...(status === 'SUCCEEDED' && { result: 'there' }),
      });
      await eventually(() => statusOf(commandId)).toBe(status);
    }
    const { body } = await service.get(`/v1/commands/${commandId}`);
    expect(body).toMatchObject({ robotId, ...move, requestedBy: 'test-operator', result: 'there', attempt: 1 });
    const history = body['history'] as { status: string; reason?: string }[];
    expect(history.map(({ status }) => status)).toEqual(
      ['ACCEPTED', 'QUEUED', 'SENT', 'DELIVERED', 'ACKED', 'RUNNING', 'SUCCEEDED'].filter(
        // The robot may answer before the log knows that the answer to its poll has left.
        (status) => status !== 'DELIVERED' || history.some((step) => step.status === 'DELIVERED'),
      ),
    );
    expect(history[0]?.reason).toBe('because');
    expect((await service.get(`/v1/commands?robotId=${robotId}&status=SUCCEEDED`)).body).toMatchObject({
      commands: [{ commandId, status: 'SUCCEEDED' }],
    });
  });

  it('is one command under one key, whoever repeats it on whichever instance, and no other', async () => {
    const robotId = robotOf('amr');
    const first = await service.post(robotId, move, { key: 'k-2' });
    const same = { action: 'move', parameters: { y: 2, x: 1 } };
    expect((await service.post(robotId, same, { key: 'k-2', role: 'admin' })).body).toMatchObject({
      commandId: first.body['commandId'],
    });
    const second = await startService(backing);
    try {
      expect((await second.post(robotId, same, { key: 'k-2' })).status).toBe(202);
      const other = await second.post(robotId, { ...move, action: 'stop' }, { key: 'k-2' });
      expect(other).toMatchObject({ status: 409, body: { code: 'FS_IDEMPOTENCY_CONFLICT' } });
      expect((await second.get(`/v1/commands/${String(first.body['commandId'])}`)).status).toBe(200);
    } finally {
      await second.stop();
    }
    const requests = await backing.readEvents('fleet.command-requested.v1');
    const ids = requests.filter((data) => data['commandId'] === first.body['commandId']);
    expect(ids.length).toBeGreaterThan(0);
    await eventually(async () => commandsOf(await service.poll(robotId))).toHaveLength(1);
  });

  it('may have an id of its caller, for one robot', async () => {
    const commandId = `own-${randomUUID()}`;
    expect(await service.post('pulled', { ...move, commandId }, { key: '' })).toMatchObject({ body: { commandId } });
    expect(await service.post('another', { ...move, commandId }, { key: '' })).toMatchObject({ status: 409 });
  });

  it('expires in log time when nobody answers, and is not handed over any more', async () => {
    const robotId = robotOf('amr');
    const commandId = await request(robotId, { ...move, expiresInMs: 1000 });
    await eventually(() => statusOf(commandId)).toBe('EXPIRED');
    expect(commandsOf(await service.poll(robotId))).toEqual([]);
  });

  it('that may not be done twice is asked about when its robot had it', async () => {
    const robotId = robotOf('amr');
    const commandId = await request(robotId, { ...move, expiresInMs: 1000 });
    expect(commandsOf(await service.poll(robotId, { waitSeconds: 5 }))).toMatchObject([{ commandId, attempt: 1 }]);
    await eventually(() => statusOf(commandId)).toBe('UNKNOWN');
    expect(commandsOf(await service.poll(robotId, { waitSeconds: 5 }))).toMatchObject([{ commandId, ask: true }]);
    await backing.say(robotId, 'robot.command-ack.v1', { commandId, status: 'NOT_EXECUTED' });
    await eventually(() => statusOf(commandId)).toBe('EXPIRED');
    expect(commandsOf(await service.poll(robotId))).toEqual([]);
  });

  it('that may be done twice is handed over again when its robot is silent, and not once it has answered', async () => {
    const robotId = robotOf('amr');
    const commandId = await request(robotId, { ...move, idempotent: true });
    expect(commandsOf(await service.poll(robotId, { waitSeconds: 5 }))).toMatchObject([{ commandId, attempt: 1 }]);
    expect(commandsOf(await service.poll(robotId))).toEqual([]);
    expect(commandsOf(await service.poll(robotId, { waitSeconds: 5 }))).toMatchObject([{ commandId, attempt: 2 }]);
    await backing.say(robotId, 'robot.command-ack.v1', { commandId, status: 'ACKED' });
    await eventually(() => statusOf(commandId)).toBe('ACKED');
    expect(commandsOf(await service.poll(robotId, { waitSeconds: 2 }))).toEqual([]);
  });

  it('is settled by an action of its robot that has its id, even when it was never handed over', async () => {
    const robotId = robotOf('agv');
    const commandId = await request(robotId);
    await eventually(() => statusOf(commandId)).toBe('QUEUED');
    await backing.say(robotId, 'robot.state.v1', {
      actions: [{ id: commandId, status: 'FINISHED', result: 'PASSED' }],
    });
    await eventually(() => statusOf(commandId)).toBe('SUCCEEDED');
  });

  it('comes at most four at a time, in the order of the requests', async () => {
    const robotId = robotOf('amr');
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await request(robotId));
    await eventually(() => statusOf(ids[3] ?? '')).toBe('QUEUED');
    const given: string[] = [];
    // The log may grant them one by one.
    while (given.length < 4) {
      given.push(...commandsOf(await service.poll(robotId, { waitSeconds: 5 })).map(({ commandId }) => commandId));
    }
    expect(given).toEqual(ids.slice(0, 4));
    await backing.say(robotId, 'robot.command-ack.v1', { commandId: ids[1], status: 'FAILED', reason: 'jammed' });
    const next = await service.poll(robotId, { waitSeconds: 5 });
    expect(commandsOf(next).map(({ commandId }) => commandId)).toEqual([ids[4]]);
    expect((await service.get(`/v1/commands/${ids[1] ?? ''}`)).body).toMatchObject({
      status: 'FAILED',
      reason: 'jammed',
    });
  });
});

describe('a robot that waits', () => {
  it('is answered with nothing when its time is over', async () => {
    const startedMs = performance.now();
    expect(await service.poll(robotOf('amr'), { waitSeconds: 1 })).toMatchObject({
      status: 200,
      body: { commands: [] },
    });
    expect(performance.now() - startedMs).toBeGreaterThan(900);
  });

  it('is answered when it asks anew, so that a lost connection swallows nothing', async () => {
    const robotId = robotOf('amr');
    const older = service.poll(robotId, { waitSeconds: 20 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const newer = service.poll(robotId, { waitSeconds: 20 });
    expect(commandsOf(await older)).toEqual([]);
    const commandId = await request(robotId);
    expect(commandsOf(await newer)).toMatchObject([{ commandId }]);
  });

  it('gets what came while it had hung up', async () => {
    const robotId = robotOf('amr');
    await expect(service.poll(robotId, { waitSeconds: 20, signal: AbortSignal.timeout(200) })).rejects.toThrow();
    const commandId = await request(robotId);
    expect(commandsOf(await service.poll(robotId, { waitSeconds: 5 }))).toMatchObject([{ commandId }]);
  });

  it.each([
    { name: 'for another robot', options: { secretOf: 'another' }, code: 'FS_SIGNATURE_INVALID' },
    { name: 'with an id that says nothing', options: { webhookId: 'a b' }, code: 'FS_SIGNATURE_INVALID' },
  ])('is turned away $name', async ({ options, code }) => {
    expect(await service.poll('pulled', options)).toMatchObject({ status: 401, body: { code } });
  });

  it('is turned away when its request was recorded and sent again, on any instance', async () => {
    const robotId = robotOf('amr');
    expect((await service.poll(robotId, { webhookId: 'once' })).status).toBe(200);
    expect(await service.poll(robotId, { webhookId: 'once' })).toMatchObject({
      status: 401,
      body: { code: 'FS_REQUEST_REPLAYED' },
    });
  });
});

describe('a caller', () => {
  it('may not ask for commands as a viewer, and may read', async () => {
    expect(await service.post('pulled', move, { role: 'viewer' })).toMatchObject({
      status: 403,
      body: { code: 'FS_FORBIDDEN' },
    });
    expect((await service.get('/v1/commands')).status).toBe(200);
    const anonymous = await fetch(`${service.url}/v1/commands`);
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    await anonymous.body?.cancel();
  });

  it.each([
    { name: 'no key', body: move, key: '', status: 400, code: 'FS_IDEMPOTENCY_KEY_INVALID' },
    { name: 'no action', body: {}, status: 422, code: 'FS_COMMAND_MALFORMED' },
    { name: 'a key that is not known', body: { ...move, expiresMs: 1 }, status: 422, code: 'FS_COMMAND_MALFORMED' },
    {
      name: 'an expiry that is too short',
      body: { ...move, expiresInMs: 1 },
      status: 422,
      code: 'FS_COMMAND_MALFORMED',
    },
    { name: 'no JSON', body: '{"action":', status: 400, code: 'FS_BODY_UNREADABLE' },
    { name: 'a list', body: [move], status: 422, code: 'FS_COMMAND_MALFORMED' },
    { name: 'too much', body: { ...move, reason: 'x'.repeat(70_000) }, status: 413, code: 'FS_BODY_TOO_LARGE' },
  ])('is told what is wrong with a request with $name', async ({ body, key, status, code }) => {
    expect(await service.post('pulled', body, { key })).toMatchObject({ status, body: { status, code } });
  });

  it.each([
    { path: '/v1/commands/nothing', status: 404, code: 'FS_COMMAND_UNKNOWN' },
    { path: '/v1/commands?status=DONE', status: 400, code: 'FS_QUERY_INVALID' },
    { path: '/v1/commands?limit=0', status: 400, code: 'FS_QUERY_INVALID' },
    { path: '/v1/commands?robot=r', status: 400, code: 'FS_QUERY_INVALID' },
    { path: '/v1/nothing', status: 404, code: 'FS_NOT_FOUND' },
  ])('is answered $status at $path', async ({ path, status, code }) => {
    expect(await service.get(path)).toMatchObject({ status, body: { code } });
  });
});

describe('with the Robot Platform', () => {
  it('pushes to a callback, signed, and again when it fails', async () => {
    await eventually(async () => (await service.get('/v1/platform/robots')).status).toBe(200);
    platform.callbackStatus = 500;
    const commandId = await request('pushed', { ...move, idempotent: true, expiresInMs: 60_000 });
    await eventually(() => platform.pushed.length).toBe(1);
    platform.callbackStatus = 204;
    await eventually(() => platform.pushed.length).toBe(2);
    expect(JSON.parse(platform.pushed[1]?.body ?? '')).toMatchObject({ commands: [{ commandId, attempt: 2 }] });
    expect(platform.pushed[1]?.headers).toMatchObject({ 'webhook-signature': expect.stringMatching(/^v1,/) as string });
    await eventually(() => statusOf(commandId)).toBe('DELIVERED');
    const results = (await backing.readEvents('fleet.delivery.v1')).filter((data) => data['commandId'] === commandId);
    expect(results.map(({ attempt, outcome, detail }) => [attempt, outcome, detail])).toEqual([
      [1, 'SENT', undefined],
      [1, 'UNDELIVERABLE', 'the robot answered 500'],
      [2, 'SENT', undefined],
      [2, 'DELIVERED', undefined],
    ]);
    await backing.say('pushed', 'robot.command-ack.v1', { commandId, status: 'SUCCEEDED' });
    await eventually(() => statusOf(commandId)).toBe('SUCCEEDED');
  });

  it('pushes messages of VDA 5050 to a robot that reads them', async () => {
    const nodes = [{ nodeId: 'n1', sequenceId: 0, released: true, actions: [] }];
    await eventually(async () => (await service.get('/v1/platform/robots')).status).toBe(200);
    const commandId = await request('vda', { action: 'drive', parameters: { nodes }, expiresInMs: 60_000 });
    const pushed = () => platform.pushed.find(({ body }) => body.includes(commandId));
    await eventually(() => pushed()).toBeDefined();
    expect(pushed()?.headers['content-type']).toBe('application/vnd.vda5050+json');
    expect(JSON.parse(pushed()?.body ?? '')).toMatchObject({
      ...{ orders: [{ orderId: commandId, serialNumber: 'vda', nodes }], instantActions: [] },
    });
    await backing.say('vda', 'robot.command-ack.v1', { commandId, status: 'SUCCEEDED' });
    await eventually(() => statusOf(commandId)).toBe('SUCCEEDED');
  });

  it('answers with the last list, says that it is old, and leaves the platform alone while it is away', async () => {
    expect((await service.get('/v1/platform/robots')).body).toMatchObject({
      robots: [{ id: 'pulled' }, { id: 'pushed' }, { id: 'vda' }],
    });
    platform.answer = 'fail';
    await eventually(async () => (await service.get('/v1/platform/robots')).body).toMatchObject({
      stale: true,
      robots: [{ id: 'pulled', name: 'Pulled' }, { id: 'pushed' }, { id: 'vda' }],
    });
    await eventually(async () => (await (await fetch(`${service.url}/readyz`)).json()) as object).toMatchObject({
      ready: true,
      platform: 'open',
    });
    // Another instance has no list of its own, and finds the old one in Redis.
    const second = await startService(backing, {
      COMMANDS_PLATFORM_URL: platform.url,
      COMMANDS_PLATFORM_FRESH_MS: '1000',
    });
    expect((await second.get('/v1/platform/robots')).body).toMatchObject({
      stale: true,
      robots: [{ id: 'pulled' }, {}, {}],
    });
    await second.stop();
    platform.answer = 'list';
    await eventually(async () => (await service.get('/v1/platform/robots')).body['stale']).toBe(false);
  });

  it('says 503 when no list was ever known', async () => {
    const lone = await startService(
      { ...backing, redisUrl: 'redis://127.0.0.1:1' },
      { COMMANDS_KEYS_REQUIRED: 'false' },
    );
    const answer = await lone.get('/v1/platform/robots');
    expect(answer).toMatchObject({ status: 503, body: { code: 'FS_PLATFORM_UNAVAILABLE' } });
    expect(answer.headers.get('retry-after')).toBe('2');
    // And without Redis commands go on.
    const robotId = robotOf('amr');
    const polling = lone.poll(robotId, { waitSeconds: 20 });
    expect((await lone.post(robotId, move)).status).toBe(202);
    expect(commandsOf(await polling)).toHaveLength(1);
    await lone.stop();
  });
});

it('a new instance knows the commands of before from the log', async () => {
  const robotId = robotOf('amr');
  const commandId = await request(robotId);
  await eventually(() => statusOf(commandId)).toBe('QUEUED');
  const second = await startService(backing);
  expect((await second.get(`/v1/commands/${commandId}`)).body).toMatchObject({ robotId, status: 'QUEUED' });
  expect(commandsOf(await second.poll(robotId))).toMatchObject([{ commandId, attempt: 1 }]);
  await second.stop();
});

it('a stopping instance sends waiting robots elsewhere', async () => {
  const second = await startService(backing);
  const polling = second.poll(robotOf('amr'), { waitSeconds: 20 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await second.stop();
  expect(commandsOf(await polling)).toEqual([]);
});
