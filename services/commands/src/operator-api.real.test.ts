import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Backing,
  bearer,
  type CallOptions,
  startBacking,
  startService,
  type TestService,
} from '../test/commands-harness.ts';

let backing: Backing;
let service: TestService;

beforeAll(async () => {
  backing = await startBacking();
  service = await startService(backing, { COMMANDS_HAZARDOUS_ACTIONS: 'blast' });
});

afterAll(async () => {
  await service.stop();
  await backing.close();
});

const eventually = (probe: () => unknown) => expect.poll(probe, { timeout: 20_000, interval: 50 });
const newRobot = () => `amr-${randomUUID().slice(0, 8)}`;
const go = { action: 'go', parameters: { x: 1 } };
const post = async (path: string, options: CallOptions = {}) => await service.call('POST', path, options);
const view = async (id: string) => (await service.get(`/v1/commands/${id}`)).body;
const statusOf = async (id: string) => (await view(id))['status'];
const say = async (robotId: string, commandId: string, status: string) => {
  await backing.say(robotId, 'robot.command-ack.v1', { commandId, status });
};

async function request(robotId: string, body: object = go): Promise<string> {
  const answer = await post(`/v1/robots/${robotId}/commands`, { role: 'operator', key: randomUUID(), body });
  expect(answer.status).toBe(202);
  const id = String(answer.body['commandId']);
  await eventually(() => statusOf(id)).not.toBe('REQUESTED');
  return id;
}

describe('a cancelling', () => {
  it('of what no robot has is done at once, with an id of its own', async () => {
    const robotId = newRobot();
    const commandId = await request(robotId, { ...go, notBeforeMs: Date.now() + 60_000 });
    const path = `/v1/robots/${robotId}/commands/${commandId}/cancel`;
    const answer = await post(path, { body: { reason: 'wrong' } });
    expect(answer).toMatchObject({ status: 202, body: { robotId, cancels: commandId, status: 'REQUESTED' } });
    const cancelId = String(answer.body['commandId']);
    expect(answer.headers.get('location')).toBe(`/v1/commands/${cancelId}`);
    await eventually(() => statusOf(cancelId)).toBe('SUCCEEDED');
    expect(await view(commandId)).toMatchObject({ status: 'CANCELLED', reason: 'wrong' });
    expect((await post(path)).body).toMatchObject({ commandId: cancelId });
  });

  it('of what has ended is too late, and of what nobody knows not active', async () => {
    const robotId = newRobot();
    const commandId = await request(robotId);
    await say(robotId, commandId, 'SUCCEEDED');
    await eventually(() => statusOf(commandId)).toBe('SUCCEEDED');
    const late = String((await post(`/v1/robots/${robotId}/commands/${commandId}/cancel`)).body['commandId']);
    await eventually(() => view(late)).toMatchObject({ status: 'FAILED', reason: 'too-late' });
    const lost = String((await post(`/v1/robots/${robotId}/commands/nobody/cancel`)).body['commandId']);
    await eventually(() => view(lost)).toMatchObject({ status: 'REJECTED', reason: 'not-active' });
  });
});

it('what is hazardous waits for a second person, who is never the first', async () => {
  const robotId = newRobot();
  const body = { action: 'blast' };
  const asked = await post(`/v1/robots/${robotId}/commands`, { role: 'approver', subject: 'ada', key: 'k', body });
  const commandId = String(asked.body['commandId']);
  await eventually(() => view(commandId)).toMatchObject({ status: 'ACCEPTED', needsApproval: true });
  const path = `/v1/robots/${robotId}/commands/${commandId}`;
  expect(await post(`${path}/approve`, { role: 'approver', subject: 'ada' })).toMatchObject({
    status: 403,
    body: { code: 'FS_APPROVAL_OWN' },
  });
  expect((await post(`${path}/approve`, { role: 'operator', subject: 'bob' })).status).toBe(403);
  expect((await post(`${path}/approve`, { role: 'approver', subject: 'bob' })).status).toBe(202);
  await eventually(() => view(commandId)).toMatchObject({ status: 'QUEUED', approvedBy: 'bob' });
  expect((await post(`${path}/approve`, { role: 'approver', subject: 'cyd' })).body).toMatchObject({
    code: 'FS_COMMAND_NOT_WAITING',
  });
});

it('what is declined is rejected', async () => {
  const robotId = newRobot();
  const commandId = await request(robotId, { ...go, needsApproval: true });
  const path = `/v1/robots/${robotId}/commands/${commandId}/decline`;
  expect((await post(path, { role: 'approver', subject: 'bob', body: { reason: 'no' } })).status).toBe(202);
  await eventually(() => view(commandId)).toMatchObject({ status: 'REJECTED', reason: 'no' });
});

it('a stop goes ahead of everything and supersedes what nobody has begun', async () => {
  const robotId = newRobot();
  const waiting = await request(robotId, { ...go, notBeforeMs: Date.now() + 60_000 });
  const stopped = await post(`/v1/robots/${robotId}/stop`, { role: 'operator' });
  expect(stopped.status).toBe(202);
  await eventually(() => statusOf(waiting)).toBe('SUPERSEDED');
  const id = String(stopped.body['commandId']);
  expect(await view(id)).toMatchObject({ action: 'stop', stop: true, epoch: 1, requestedBy: 'test-operator' });
});

it('a task is a row of commands under one key', async () => {
  const robotId = newRobot();
  const body = { steps: [go, { action: 'lift', on: 'end' }, { action: 'back' }] };
  const path = `/v1/robots/${robotId}/tasks`;
  const answer = await post(path, { key: 'k', body });
  expect(answer.status).toBe(202);
  const task = answer.headers.get('location') ?? '';
  const ids = (answer.body['commands'] as { commandId: string }[]).map(({ commandId }) => commandId);
  expect(await post(path, { key: 'k', body: { steps: [go] } })).toMatchObject({ status: 409 });
  expect(await post(path, { key: 'k', body })).toMatchObject({
    status: 202,
    body: { taskId: answer.body['taskId'] },
  });
  expect(await post(path, { key: 'k', body: { steps: [{ ...go, action: 'jump' }] } })).toMatchObject({ status: 409 });
  await eventually(async () => (await service.get(task)).body).toMatchObject({
    status: 'OPEN',
    commands: [{ status: 'QUEUED' }, { status: 'ACCEPTED' }, { status: 'ACCEPTED' }],
  });
  await say(robotId, ids[0] ?? '', 'FAILED');
  await eventually(() => statusOf(ids[1] ?? '')).toBe('QUEUED');
  await say(robotId, ids[1] ?? '', 'FAILED');
  await eventually(async () => (await service.get(task)).body).toMatchObject({
    status: 'FAILED',
    commands: [{ status: 'FAILED' }, { status: 'FAILED' }, { status: 'CANCELLED', reason: 'after-FAILED' }],
  });
});

it('a task is cancelled in one call: what runs, what waits for its end, and what has ended', async () => {
  const robotId = newRobot();
  const body = { steps: [go, { action: 'lift' }, { action: 'back', on: 'end' }, { action: 'park', on: 'end' }] };
  const answer = await post(`/v1/robots/${robotId}/tasks`, { key: 'k', body });
  const task = answer.headers.get('location') ?? '';
  const ids = (answer.body['commands'] as { commandId: string }[]).map(({ commandId }) => commandId);
  const [first = '', second = ''] = ids;
  await eventually(() => statusOf(first)).toBe('QUEUED');
  await say(robotId, first, 'SUCCEEDED');
  await eventually(() => statusOf(second)).toBe('QUEUED');
  await say(robotId, second, 'RUNNING');
  await eventually(() => statusOf(second)).toBe('RUNNING');
  const cancelled = await post(`${task}/cancel`, { role: 'operator', body: { reason: 'wrong' } });
  expect(cancelled).toMatchObject({ status: 202 });
  expect(cancelled.body['commands']).toMatchObject([
    { commandId: first, status: 'SUCCEEDED', outcome: 'too-late' },
    { commandId: second, status: 'RUNNING', outcome: 'pending' },
    { status: 'ACCEPTED', outcome: 'pending' },
    { status: 'ACCEPTED', outcome: 'pending' },
  ]);
  const told = async () => (await service.get(task)).body;
  await eventually(told).toMatchObject({
    status: 'OPEN',
    commands: [
      { status: 'SUCCEEDED' },
      { status: 'RUNNING', cancelling: { outcome: 'pending', by: 'test-operator' } },
      { status: 'CANCELLED', reason: 'wrong', cancelling: { outcome: 'cancelled' } },
      { status: 'CANCELLED', reason: 'wrong', cancelling: { outcome: 'cancelled' } },
    ],
  });
  // The robot ends it before it hears of the cancelling.
  const [, { cancelId = '' } = {}] = cancelled.body['commands'] as { cancelId?: string }[];
  await say(robotId, second, 'SUCCEEDED');
  await say(robotId, cancelId, 'FAILED');
  await eventually(told).toMatchObject({
    status: 'CANCELLED',
    commands: [{}, { status: 'SUCCEEDED', cancelling: { commandId: cancelId, outcome: 'too-late' } }, {}, {}],
  });
  const again = await post(`${task}/cancel`, { role: 'operator' });
  const outcomes = (again.body['commands'] as { outcome: string }[]).map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['too-late', 'too-late', 'cancelled', 'cancelled']);
  expect((await post(`/v1/robots/${robotId}/tasks/nothing/cancel`)).status).toBe(404);
  const audit = (await service.get(`/v1/audit?robotId=${robotId}&act=cancelled`, 'operator')).body;
  expect((audit['entries'] as { cancels: string }[]).map(({ cancels }) => cancels)).toEqual(
    [...ids.slice(1)].reverse(),
  );
});

it('the log tells every instance which request a key stands for, without Redis', async () => {
  const robotId = newRobot();
  const path = `/v1/robots/${robotId}/commands`;
  const first = { ...go, when: { path: 'mode', equals: 'AUTOMATIC' } };
  const commandId = String((await post(path, { key: 'k', body: first })).body['commandId']);
  await eventually(() => statusOf(commandId)).toBe('ACCEPTED');
  const lone = await startService({ ...backing, redisUrl: 'redis://127.0.0.1:1' });
  try {
    expect(await lone.call('POST', path, { key: 'k', body: first })).toMatchObject({
      status: 202,
      body: { commandId },
    });
    expect(await lone.call('POST', path, { key: 'k', body: go })).toMatchObject({ status: 409 });
  } finally {
    await lone.stop();
  }
});

it('the list goes on where its page ended, and a command says when nothing is new', async () => {
  const robotId = newRobot();
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.unshift(await request(robotId));
  const seen: string[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const cursor = next === '' ? '' : `&cursor=${next}`;
    const { body } = await service.get(`/v1/commands?robotId=${robotId}&limit=2${cursor}`);
    seen.push(...(body['commands'] as { commandId: string }[]).map(({ commandId }) => commandId));
    next = body['next'] as string | undefined;
  }
  expect(seen.toSorted()).toEqual(ids.toSorted());
  const path = `/v1/commands/${ids[0] ?? ''}`;
  const etag = (await service.get(path)).headers.get('etag') ?? '';
  expect((await service.call('GET', path, { headers: { 'if-none-match': etag } })).status).toBe(304);
  await say(robotId, ids[0] ?? '', 'ACKED');
  await eventually(() => statusOf(ids[0] ?? '')).toBe('ACKED');
  expect((await service.call('GET', path, { headers: { 'if-none-match': etag } })).status).toBe(200);
});

it('the audit tells who did what, when and why, page by page', async () => {
  const robotId = newRobot();
  const commandId = await request(robotId, { ...go, reason: 'because', needsApproval: true });
  await post(`/v1/robots/${robotId}/commands/${commandId}/approve`, { role: 'approver', subject: 'bob' });
  await eventually(() => statusOf(commandId)).toBe('QUEUED');
  await post(`/v1/robots/${robotId}/stop`, { role: 'operator', subject: 'cyd' });
  await eventually(() => statusOf(commandId)).toBe('SUPERSEDED');
  const told: unknown[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const cursor = next === '' ? '' : `&cursor=${next}`;
    const { body } = await service.get(`/v1/audit?robotId=${robotId}&limit=2${cursor}`, 'operator');
    for (const entry of body['entries'] as Record<string, unknown>[]) told.push([entry['by'], entry['act']]);
    next = body['next'] as string | undefined;
  }
  expect(told.toSorted()).toEqual([
    ['bob', 'approved'],
    ['cyd', 'stopped'],
    ['cyd', 'was-superseded'],
    ['test-operator', 'requested'],
  ]);
});

/** What a stream says until it has said enough. */
async function readStream(path: string, headers: Record<string, string>, enough: string): Promise<string> {
  const gone = new AbortController();
  const answer = await fetch(service.url + path, { headers, signal: gone.signal });
  let text = '';
  for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (text.includes(enough)) break;
  }
  gone.abort();
  return text;
}

it('who follows all commands is told of every robot of his, also what he missed, and of no other', async () => {
  const path = '/v1/events';
  const mine = await bearer('viewer');
  const start = await readStream(path, mine, '\n\n');
  const id = /^id: (.*)$/m.exec(start)?.[1] ?? '';
  const robotIds = [newRobot(), newRobot()];
  const commandIds = await Promise.all(robotIds.map((robotId) => request(robotId)));
  await eventually(async () => await Promise.all(commandIds.map(statusOf))).toEqual(['QUEUED', 'QUEUED']);
  const seen = new Set<string>();
  for (let lastId = id; seen.size < commandIds.length;) {
    const text = await readStream(path, { ...mine, 'last-event-id': lastId }, '"status":"QUEUED"');
    lastId = [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? lastId;
    for (const commandId of commandIds) if (text.includes(commandId)) seen.add(commandId);
  }
  const elsewhere = await bearer('viewer', 'far', { fleets: ['another'] });
  const told = await readStream(path, { ...elsewhere, 'last-event-id': id }, '\n\n');
  for (const robotId of robotIds) expect(told).not.toContain(robotId);
});

it('who follows a command is told every step once, also after coming again', async () => {
  const robotId = newRobot();
  const commandId = await request(robotId);
  await eventually(() => statusOf(commandId)).toBe('QUEUED');
  const read = async (headers: Record<string, string>, enough: string) =>
    await readStream(
      `/v1/commands/${commandId}/events`,
      { ...(await bearer('viewer')), ...headers },
      `"status":"${enough}"`,
    );
  const before = await read({}, 'QUEUED');
  expect([...before.matchAll(/"status":"(\w+)"/g)].map(([, status]) => status)).toEqual(['ACCEPTED', 'QUEUED']);
  const lastId = [...before.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';
  const after = read({ 'last-event-id': lastId }, 'SUCCEEDED');
  await say(robotId, commandId, 'ACKED');
  await eventually(() => statusOf(commandId)).toBe('ACKED');
  await say(robotId, commandId, 'SUCCEEDED');
  expect([...(await after).matchAll(/"status":"(\w+)"/g)].map(([, status]) => status)).toEqual(['ACKED', 'SUCCEEDED']);
});
