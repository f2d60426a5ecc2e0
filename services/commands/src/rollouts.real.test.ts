import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { rolloutEventSchemas, topics, toRobotSource } from '@fleetstream/contracts';
import { createKafkaClient, createLogProducer, type LogProducer, readLog } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Backing, startBacking, startService, type TestService } from '../test/commands-harness.ts';

const fleet = 10_000;
let backing: Backing;
let first: TestService;
let second: TestService;
let producer: LogProducer;
let stopProducer: () => Promise<void>;

const say = (robotId: string, type: string, data: object) => ({
  ...{ topic: topics.events, key: robotId },
  value: JSON.stringify({ specversion: '1.0', id: randomUUID(), source: toRobotSource(robotId), type, data }),
});
const enrol = async (robotIds: readonly string[], data: object) => {
  for (let at = 0; at < robotIds.length; at += 1_000) {
    await producer.append(robotIds.slice(at, at + 1_000).map((id) => say(id, 'fleet.robot-enrolled.v1', data)));
  }
};
const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, at) => `${prefix}-${String(at).padStart(5, '0')}`);
const eventually = <Value>(read: () => Value, timeout = 45_000) => expect.poll(read, { timeout, interval: 100 });
const ask = async (service: TestService, body: object, key: string = randomUUID()) =>
  await service.call('POST', '/v1/commands', { role: 'operator', body, key });
const idOf = ({ body }: Answer) => String(body['rolloutId']);
const see = async (service: TestService, id: string) => (await service.get(`/v1/rollouts/${id}`)).body;
const phaseOf = async (service: TestService, id: string) => (await see(service, id))['phase'];
const countsOf = async (id: string) => (await see(first, id))['counts'] as Record<string, number>;
const counted = async (selector: object) => {
  const answer = await ask(first, { selector, command: { action: 'count' }, dryRun: true });
  return answer.status === 200 ? answer.body['robots'] : 0;
};
/** The robots say of their commands what a robot would. */
const answerAll = async (id: string, status: string, robotIds: readonly string[]) => {
  await producer.append(
    robotIds.map((robotId) => say(robotId, 'robot.command-ack.v1', { commandId: `${id}.${robotId}`, status })),
  );
};
const robotsOf = async (id: string, status: string) => {
  const { body } = await first.get(`/v1/rollouts/${id}/robots?status=${status}&limit=1000`);
  return (body['robots'] as { readonly robotId: string }[]).map(({ robotId }) => robotId);
};

beforeAll(async () => {
  backing = await startBacking();
  const kafka = createKafkaClient({ brokers: [backing.kafkaBrokers], clientId: 'rollouts-test', log: silentLog });
  producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events] });
  stopProducer = await producer.start();
  [first, second] = await Promise.all([startService(backing), startService(backing)]);
  await enrol(names('amr', fleet), { fleet: 'all', model: 'amr' });
  await enrol(names('arm', 10), { fleet: 'arms', site: 'hall' });
  while ((await counted({ fleet: 'all' })) !== fleet || (await counted({ fleet: 'arms' })) !== 10) await sleep(100);
}, 120_000);

afterAll(async () => {
  await first.stop();
  await second.stop();
  await stopProducer();
  await backing.close();
});

describe('a command to ten thousand robots', () => {
  it('is accepted in one call; the canary raises errors, and the gate aborts it', async () => {
    const rollout = {
      canary: { robots: 20 },
      gate: { failedPercentMax: 10, errorPercentMax: 10, observeMs: 3_600_000 },
    };
    const body = { selector: { fleet: 'all' }, command: { action: 'update', expiresInMs: 600_000 }, rollout };
    const answer = await ask(first, body, 'the-key');
    expect(answer).toMatchObject({ status: 202, body: { robots: fleet } });
    const id = idOf(answer);
    expect(answer.headers.get('location')).toBe(`/v1/rollouts/${id}`);
    await eventually(() => countsOf(id)).toMatchObject({ WAITING: fleet - 20, QUEUED: 20 });

    const canary = await robotsOf(id, 'QUEUED');
    await answerAll(id, 'SUCCEEDED', canary.slice(0, 5));
    await eventually(() => countsOf(id)).toMatchObject({ SUCCEEDED: 5, QUEUED: 15 });
    await producer.append(
      canary
        .slice(0, 3)
        .map((robotId) =>
          say(robotId, 'robot.state.v1', { errors: [{ type: 'motor', level: 'FATAL', description: 'hot' }] }),
        ),
    );
    await eventually(() => phaseOf(first, id)).toBe('ABORTED');
    await eventually(() => phaseOf(second, id)).toBe('ABORTED');
    expect(await see(first, id)).toMatchObject({
      end: { reason: 'errors', figures: { robots: 20, succeeded: 5, raisedErrors: 3 } },
      asked: 20,
    });
    // What no robot was given is taken back, and nobody else is asked.
    await eventually(() => countsOf(id)).toEqual({ WAITING: fleet - 20, SUCCEEDED: 5, CANCELLED: 15 });
    const requests = await backing.readEvents('fleet.command-requested.v1');
    expect(new Set(requests.filter((one) => one['rolloutId'] === id).map((one) => one['commandId'])).size).toBe(20);
    // The same request again, anywhere, is this rollout; another one under its key is refused.
    expect(await ask(second, body, 'the-key')).toMatchObject({
      status: 202,
      body: { rolloutId: id, phase: 'ABORTED' },
    });
    expect(await ask(second, { ...body, selector: { all: true } }, 'the-key')).toMatchObject({ status: 409 });
  }, 120_000);

  it('reaches every one of them once, also when the instance that leads it stops', async () => {
    const command = { action: 'beep', idempotent: true, expiresInMs: 600_000 };
    const third = await startService(backing);
    const id = idOf(await ask(third, { selector: { model: 'amr' }, command }));
    await third.stop();
    await eventually(async () => (await countsOf(id))['QUEUED'], 100_000).toBe(fleet);
    const kafka = createKafkaClient({ brokers: [backing.kafkaBrokers], clientId: 'rollouts-test', log: silentLog });
    const accepted = new Map<string, number>();
    for await (const { value } of readLog({ kafka, topic: topics.commands })) {
      const { data } = JSON.parse(String(value)) as { data: { rolloutId?: string; robotId: string; status: string } };
      if (data.rolloutId !== id || data.status !== 'ACCEPTED') continue;
      accepted.set(data.robotId, (accepted.get(data.robotId) ?? 0) + 1);
    }
    expect([accepted.size, Math.max(...accepted.values())]).toEqual([fleet, 1]);
    const pinned: string[] = [];
    for await (const { value } of readLog({ kafka, topic: topics.rollouts })) {
      const event = JSON.parse(String(value)) as { type: string; data: unknown };
      if (event.type !== 'fleet.rollout-robots.v1') continue;
      const part = rolloutEventSchemas['fleet.rollout-robots.v1'].parse(event.data);
      if (part.rolloutId === id) pinned.push(...part.robotIds);
    }
    expect(pinned).toEqual(names('amr', fleet));
    await second.call('POST', `/v1/rollouts/${id}/abort`, { body: { reason: 'enough' } });
    await eventually(async () => (await countsOf(id))['CANCELLED'], 100_000).toBe(fleet);
  }, 240_000);
});

describe('a rollout', () => {
  const arms = { selector: { fleet: 'arms' }, command: { action: 'wave' } };
  const plan = { canary: { robots: 1 }, wave: { percent: 50 }, gate: { observeMs: 0 } };
  const finishWave = async (id: string, robots: number) => {
    await eventually(async () => (await robotsOf(id, 'QUEUED')).length).toBe(robots);
    await answerAll(id, 'SUCCEEDED', await robotsOf(id, 'QUEUED'));
  };

  it('goes from wave to wave as each passes, is paused and goes on, and finishes', async () => {
    const id = idOf(await ask(first, { ...arms, rollout: plan }));
    await eventually(async () => (await robotsOf(id, 'QUEUED')).length).toBe(1);
    const paused = await second.call('POST', `/v1/rollouts/${id}/pause`, { body: { reason: 'lunch' } });
    expect(paused).toMatchObject({ status: 200, body: { phase: 'PAUSED', controls: [{ reason: 'lunch' }] } });
    await answerAll(id, 'SUCCEEDED', await robotsOf(id, 'QUEUED'));
    await eventually(() => countsOf(id)).toEqual({ SUCCEEDED: 1, WAITING: 9 });
    expect(await phaseOf(first, id)).toBe('PAUSED');
    expect(await first.call('POST', `/v1/rollouts/${id}/resume`, {})).toMatchObject({ body: { phase: 'RUNNING' } });
    await finishWave(id, 5);
    await finishWave(id, 4);
    await eventually(() => phaseOf(first, id)).toBe('FINISHED');
    await eventually(() => phaseOf(second, id)).toBe('FINISHED');
    expect(await see(first, id)).toMatchObject({ counts: { SUCCEEDED: 10 }, waves: [{ phase: 'PASSED' }, {}, {}] });
    expect(await first.call('POST', `/v1/rollouts/${id}/abort`, {})).toMatchObject({
      status: 409,
      body: { code: 'FS_ROLLOUT_ENDED' },
    });
  }, 120_000);

  it('waits for somebody else to approve what is hazardous', async () => {
    const id = idOf(await ask(first, { ...arms, needsApproval: true }));
    const approve = async (subject: string) =>
      await first.call('POST', `/v1/rollouts/${id}/approve`, { role: 'approver', subject });
    expect(await first.call('POST', `/v1/rollouts/${id}/approve`, { role: 'operator' })).toMatchObject({ status: 403 });
    expect(await approve('test-operator')).toMatchObject({ status: 403 });
    expect(await countsOf(id)).toEqual({ WAITING: 10 });
    expect(await approve('eve')).toMatchObject({ status: 200, body: { phase: 'RUNNING' } });
    await eventually(() => countsOf(id)).toEqual({ QUEUED: 10 });
  });

  it('is told as it stands, and not again while nothing changes', async () => {
    const [id] = ((await first.get('/v1/rollouts')).body['rollouts'] as { rolloutId: string }[]).map(
      (one) => one.rolloutId,
    );
    const seen = await first.get(`/v1/rollouts/${id ?? ''}`);
    const etag = seen.headers.get('etag') ?? '';
    const again = await first.call('GET', `/v1/rollouts/${id ?? ''}`, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  });

  it.each([
    { name: 'no robot', body: { ...arms, selector: { fleet: 'nobody' } }, status: 422, code: 'FS_SELECTION_EMPTY' },
    { name: 'no selector', body: { ...arms, selector: {} }, status: 422, code: 'FS_SELECTOR_INVALID' },
    {
      name: 'an id that is none',
      body: { ...arms, selector: { ids: ['nope'] } },
      status: 422,
      code: 'FS_SELECTOR_INVALID',
    },
    { name: 'no command', body: { selector: { all: true } }, status: 422, code: 'FS_COMMAND_MALFORMED' },
    {
      name: 'a state nobody has',
      body: { ...arms, selector: { state: { path: 'mode', equals: 'X' } } },
      status: 422,
      code: 'FS_SELECTION_EMPTY',
    },
  ])('is refused for $name', async ({ body, status, code }) => {
    expect(await ask(first, body)).toMatchObject({ status, body: { code } });
    expect(await ask(first, { ...body, dryRun: true })).toMatchObject({ status, body: { code } });
  });

  it('is refused without a key', async () => {
    expect(await first.call('POST', '/v1/commands', { body: arms })).toMatchObject({
      status: 400,
      body: { code: 'FS_IDEMPOTENCY_KEY_INVALID' },
    });
  });
});

describe('who may see and do what', () => {
  it('knows only the robots in their scopes, and only rollouts of such robots', async () => {
    const id = idOf(await ask(first, { selector: { fleet: 'arms' }, command: { action: 'wave' } }));
    const asked = async (scopes: object) =>
      await first.call('POST', '/v1/commands', {
        body: { selector: { all: true }, command: { action: 'count' }, dryRun: true },
        scopes,
      });
    expect(await asked({ fleets: ['nobody'] })).toMatchObject({ status: 422, body: { code: 'FS_SELECTION_EMPTY' } });
    for (const path of [`/v1/rollouts/${id}`, `/v1/rollouts/${id}/robots`]) {
      expect((await first.call('GET', path, { scopes: { fleets: ['all'] } })).status).toBe(404);
    }
    for (const action of ['pause', 'abort']) {
      const sent = await first.call('POST', `/v1/rollouts/${id}/${action}`, { scopes: { fleets: ['all'] } });
      expect(sent).toMatchObject({ status: 404, body: { code: 'FS_ROLLOUT_UNKNOWN' } });
      expect(await first.call('POST', `/v1/rollouts/${id}/${action}`, { role: 'viewer' })).toMatchObject({
        status: 403,
      });
    }
    const listed = await first.call('GET', '/v1/rollouts', { scopes: { sites: ['elsewhere'] } });
    expect(listed.body['rollouts']).toEqual([]);
    expect(await first.call('GET', `/v1/rollouts/${id}`, { scopes: { fleets: ['arms'] } })).toMatchObject({
      status: 200,
    });
  });
});
