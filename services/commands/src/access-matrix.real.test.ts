import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAtLeast, type Role, roles, type Scopes } from '@fleetstream/access';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Backing, bearer, startBacking, startService, type TestService } from '../test/commands-harness.ts';

/** A robot and what belongs to it; `lost` is one that nobody knows. */
interface Target {
  readonly robotId: string;
  readonly commandId: string;
  readonly taskId: string;
  readonly fleet: string;
  readonly rolloutId: string;
}

interface Row {
  readonly operationId: string;
  readonly least: Role;
  readonly call: (target: Target) => readonly [method: string, path: string, body?: object];
  /** What the least role is answered. */
  readonly ok: readonly number[];
  /** `one`: about one robot, which who may not know of it is told not to exist; `list`: says of those one may know of. */
  readonly about: 'one' | 'list';
  /** What a robot out of reach is answered, as one that isn't there; 404 unless told. */
  readonly nothing?: number;
  /** Of a list: whether the robot shows in it. */
  readonly shows?: boolean;
}

const go = { action: 'go' };
const steps = { steps: [go] };

/** Every route that takes a token. A route without a row fails, and so does a row without its route. */
const matrix: readonly Row[] = [
  {
    ...{ operationId: 'requestCommand', least: 'operator', ok: [202], about: 'one' },
    call: ({ robotId }) => ['POST', `/v1/robots/${robotId}/commands`, go],
  },
  {
    ...{ operationId: 'requestTask', least: 'operator', ok: [202], about: 'one' },
    call: ({ robotId }) => ['POST', `/v1/robots/${robotId}/tasks`, steps],
  },
  {
    ...{ operationId: 'stopRobot', least: 'operator', ok: [202], about: 'one' },
    call: ({ robotId }) => ['POST', `/v1/robots/${robotId}/stop`],
  },
  {
    ...{ operationId: 'cancelCommand', least: 'operator', ok: [202], about: 'one' },
    call: ({ robotId, commandId }) => ['POST', `/v1/robots/${robotId}/commands/${commandId}/cancel`],
  },
  {
    ...{ operationId: 'cancelTask', least: 'operator', ok: [202], about: 'one' },
    call: ({ robotId, taskId }) => ['POST', `/v1/robots/${robotId}/tasks/${taskId}/cancel`],
  },
  {
    ...{ operationId: 'approveCommand', least: 'approver', ok: [409], about: 'one' },
    call: ({ robotId, commandId }) => ['POST', `/v1/robots/${robotId}/commands/${commandId}/approve`],
  },
  {
    ...{ operationId: 'declineCommand', least: 'approver', ok: [409], about: 'one' },
    call: ({ robotId, commandId }) => ['POST', `/v1/robots/${robotId}/commands/${commandId}/decline`],
  },
  {
    ...{ operationId: 'getCommand', least: 'viewer', ok: [200], about: 'one' },
    call: ({ commandId }) => ['GET', `/v1/commands/${commandId}`],
  },
  {
    ...{ operationId: 'getTask', least: 'viewer', ok: [200], about: 'one' },
    call: ({ robotId, taskId }) => ['GET', `/v1/robots/${robotId}/tasks/${taskId}`],
  },
  {
    ...{ operationId: 'followCommand', least: 'viewer', ok: [200], about: 'one' },
    call: ({ commandId }) => ['GET', `/v1/commands/${commandId}/events`],
  },
  {
    ...{ operationId: 'followCommands', least: 'viewer', ok: [200], about: 'one' },
    call: ({ robotId }) => ['GET', `/v1/events?robotId=${robotId}`],
  },
  {
    ...{ operationId: 'getRobot', least: 'viewer', ok: [200], about: 'one' },
    call: ({ robotId }) => ['GET', `/v1/robots/${robotId}`],
  },
  {
    ...{ operationId: 'listCommands', least: 'viewer', ok: [200], about: 'list', shows: true },
    call: () => ['GET', '/v1/commands?limit=1000'],
  },
  {
    ...{ operationId: 'listRobots', least: 'viewer', ok: [200], about: 'list', shows: true },
    call: () => ['GET', '/v1/robots'],
  },
  {
    ...{ operationId: 'listPlatformRobots', least: 'viewer', ok: [200], about: 'list', shows: true },
    call: () => ['GET', '/v1/platform/robots'],
  },
  {
    ...{ operationId: 'readAudit', least: 'operator', ok: [200], about: 'list', shows: true },
    call: () => ['GET', '/v1/audit?limit=1000'],
  },
  {
    ...{ operationId: 'createRollout', least: 'operator', ok: [200], about: 'one', nothing: 422 },
    call: ({ fleet }) => ['POST', '/v1/commands', { selector: { fleet }, command: go, dryRun: true }],
  },
  {
    ...{ operationId: 'listRollouts', least: 'viewer', ok: [200], about: 'list', shows: true },
    call: () => ['GET', '/v1/rollouts'],
  },
  {
    ...{ operationId: 'getRollout', least: 'viewer', ok: [200], about: 'one' },
    call: ({ rolloutId }) => ['GET', `/v1/rollouts/${rolloutId}`],
  },
  {
    ...{ operationId: 'listRolloutRobots', least: 'viewer', ok: [200], about: 'one' },
    call: ({ rolloutId }) => ['GET', `/v1/rollouts/${rolloutId}/robots`],
  },
  ...(['approve', 'pause', 'resume', 'abort'] as const).map((action): Row => {
    const least = action === 'approve' ? 'approver' : 'operator';
    return {
      ...{ operationId: `${action}Rollout`, least, ok: [200, 409], about: 'one' },
      call: ({ rolloutId }) => ['POST', `/v1/rollouts/${rolloutId}/${action}`],
    };
  }),
];

const mine = { fleets: ['a'], sites: ['s'] };
/** Whoever has these may not know of the robot, which is of fleet a at site s. */
const foreign: readonly Scopes[] = [
  { fleets: ['b'] },
  { sites: ['t'] },
  { fleets: ['a'], sites: ['t'] },
  { fleets: ['b'], sites: ['s'] },
  { fleets: [] },
];

let backing: Backing;
let service: TestService;
let directory: string;
let target: Target;
const lost: Target = {
  ...{ robotId: 'nobody', commandId: 'nothing', taskId: 'no-task' },
  ...{ fleet: 'no-fleet', rolloutId: 'no-rollout' },
};

const eventually = async (isSo: () => Promise<boolean>) => {
  await vi.waitFor(
    async () => {
      expect(await isSo()).toBe(true);
    },
    { timeout: 60_000, interval: 50 },
  );
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fleetstream-access-'));
  const file = join(directory, 'robots.json');
  const robots = [
    { id: 'amr-1', fleet: 'a', site: 's' },
    { id: 'amr-2', fleet: 'b', site: 't' },
  ];
  writeFileSync(file, JSON.stringify({ robots }));
  backing = await startBacking();
  service = await startService(backing, { COMMANDS_PLATFORM_FILE: file, COMMANDS_RATE_BURST: '100000' });
  await eventually(async () => (await service.get('/v1/robots')).status === 200);
  const task = await service.call('POST', '/v1/robots/amr-1/tasks', { key: 'first', body: steps });
  const [first] = task.body['commands'] as { readonly commandId: string }[];
  const wanted = { selector: { fleet: 'a' }, command: go };
  let rolloutId: unknown;
  await eventually(async () => {
    const { status, body } = await service.call('POST', '/v1/commands', { key: 'first', body: wanted });
    rolloutId = body['rolloutId'];
    return status === 202;
  });
  target = {
    ...{ robotId: 'amr-1', commandId: first?.commandId ?? '', taskId: String(task.body['taskId']) },
    ...{ fleet: 'a', rolloutId: String(rolloutId) },
  };
  const path = `/v1/commands/${target.commandId}`;
  await eventually(async () => (await service.get(path)).body['status'] !== 'REQUESTED');
});

afterAll(async () => {
  await service.stop();
  await backing.close();
  rmSync(directory, { recursive: true });
});

interface Given {
  readonly role?: Role | undefined;
  readonly scopes?: Scopes;
  readonly to?: Target;
}

async function ask(row: Row, { role, scopes = {}, to = target }: Given): Promise<{ status: number; body: string }> {
  const [method, path, body] = row.call(to);
  const answer = await fetch(service.url + path, {
    method,
    headers: {
      ...(role !== undefined && (await bearer(role, 'matrix', scopes))),
      'idempotency-key': `matrix-${row.operationId}`,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
  if (isStream) await answer.body?.cancel();
  return { status: answer.status, body: isStream ? '' : await answer.text() };
}

const toProblem = (body: string) => ({ ...(JSON.parse(body) as object), requestId: undefined });

it('every route has a row, and every row a route', async () => {
  const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
    readonly paths: Record<string, Record<string, { readonly operationId: string; readonly 'x-access': string }>>;
  };
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const withToken = operations.filter((operation) => operation['x-access'] !== 'robot');
  expect(matrix.map(({ operationId, least }) => `${operationId} ${least}`).toSorted()).toEqual(
    withToken.map((operation) => `${operation.operationId} ${operation['x-access']}`).toSorted(),
  );
  // The rest is signed by the robot, which the tests of polling try.
  expect(operations.filter((one) => !withToken.includes(one)).map(({ operationId }) => operationId)).toEqual([
    'pollCommands',
  ]);
});

describe.each(matrix)('$operationId', (row) => {
  it.each([undefined, ...roles])('as %s', async (role) => {
    const answer = await ask(row, { role });
    if (role === undefined) expect(answer.status).toBe(401);
    else if (isAtLeast(role, row.least)) expect(row.ok).toContain(answer.status);
    else expect(toProblem(answer.body)).toMatchObject({ status: 403, code: 'FS_FORBIDDEN' });
  });

  it('of a robot that the token is for', async () => {
    const answer = await ask(row, { role: row.least, scopes: mine });
    expect(row.ok).toContain(answer.status);
    if (row.shows === true)
      expect(answer.body).toMatch(row.operationId === 'listRollouts' ? target.rolloutId : 'amr-1');
    expect(answer.body).not.toContain('amr-2');
  });

  it.each(foreign)('of a robot that the token %j is not for', async (scopes) => {
    const answer = await ask(row, { role: 'admin', scopes });
    if (row.about === 'list') {
      expect(row.ok).toContain(answer.status);
      expect(answer.body).not.toContain('amr-1');
      expect(answer.body).not.toContain(target.rolloutId);
    } else {
      const nothing = await ask(row, { role: 'admin', scopes, to: lost });
      expect(answer.status).toBe(row.nothing ?? 404);
      expect(toProblem(answer.body)).toEqual(toProblem(nothing.body));
    }
  });
});
