import { describe, expect, it } from 'vitest';
import { testingToken } from '../testing-world.ts';
import { useTestingGateway } from '../use-testing-gateway.ts';

const at = useTestingGateway();

const requested = { status: 202, body: { commandId: 'cmd-1', robotId: 'r1', status: 'REQUESTED' } };
const stand = (status: string, more: object = {}) => ({
  status: 200,
  body: {
    ...{ commandId: 'cmd-1', robotId: 'r1', status, action: 'move', requestedBy: 'ada', requestedAtMs: 0 },
    history: [
      { status: 'ACCEPTED', atMs: 0 },
      { status, atMs: 1500, ...more },
    ],
    ...more,
  },
});

describe('fleetstream command', () => {
  it('sends what was asked for, with the token and the key', async () => {
    at.gateway.say(requested);
    const args = ['--parameters', '{"x":1}', '--expires', '1.5m', '--key', 'k1', '--reason', 'why'];
    const { code, out } = await at.world.run(['command', 'send', 'r1', 'move', ...args]);
    expect({ code, out }).toEqual({ code: 0, out: 'cmd-1' });
    const { request, headers, body } = at.gateway.seen[0] ?? expect.unreachable();
    expect(request).toBe('POST /v1/robots/r1/commands');
    expect(headers).toMatchObject({ authorization: `Bearer ${testingToken}`, 'idempotency-key': 'k1' });
    expect(JSON.parse(body)).toEqual({ action: 'move', parameters: { x: 1 }, expiresInMs: 90_000, reason: 'why' });
  });

  it('takes another key each time', async () => {
    at.gateway.say(requested);
    await at.world.run(['command', 'send', 'r1', 'move']);
    await at.world.run(['command', 'send', 'r1', 'move']);
    expect(at.gateway.seen[0]?.headers['idempotency-key']).toMatch(/^[\w-]{36}$/);
    expect(at.gateway.seen[1]?.headers['idempotency-key']).not.toBe(at.gateway.seen[0]?.headers['idempotency-key']);
  });

  it.each([
    { name: 'succeeded', end: stand('SUCCEEDED', { result: 'there' }), code: 0, says: /SUCCEEDED there/ },
    { name: 'failed', end: stand('FAILED', { reason: 'jammed' }), code: 1, says: /ended as FAILED: jammed/ },
    { name: 'expired', end: stand('EXPIRED'), code: 1, says: /ended as EXPIRED/ },
  ])('waits until it $name', async ({ end, code, says }) => {
    at.gateway.say(requested, stand('RUNNING'), end);
    const result = await at.world.run(['command', 'send', 'r1', 'move', '--wait']);
    expect(result.code).toBe(code);
    expect(result.out + result.notes).toMatch(says);
    expect(result.notes).toContain('RUNNING');
  });

  it('shows a life, and as JSON what came', async () => {
    at.gateway.say(stand('RUNNING'));
    const { out } = await at.world.run(['command', 'status', 'cmd-1']);
    expect(out.split('\n')).toEqual([
      'cmd-1  r1  move  (by ada)',
      '  1970-01-01 00:00:00.000  ACCEPTED',
      '  1970-01-01 00:00:01.500  RUNNING',
    ]);
    const json = await at.world.run(['command', 'status', 'cmd-1', '--json']);
    expect(JSON.parse(json.out)).toEqual(stand('RUNNING').body);
  });

  it('lists, and passes its filters on', async () => {
    at.gateway.say({ status: 200, body: { commands: [stand('RUNNING').body] } });
    const { out } = await at.world.run(['command', 'list', '--robot', 'r1', '--status', 'running']);
    expect(out.split('\n')).toEqual([
      'COMMAND  ROBOT  ACTION  STATUS   REQUESTED (UTC)      BY',
      'cmd-1    r1     move    RUNNING  1970-01-01 00:00:00  ada',
    ]);
    expect(at.gateway.seen[0]?.request).toBe('GET /v1/commands?limit=20&robotId=r1&status=RUNNING');
  });

  it('watches each step once, to the end', async () => {
    at.gateway.say(stand('RUNNING'), stand('SUCCEEDED', { result: 'there' }));
    const { code, out } = await at.world.run(['command', 'watch', 'cmd-1']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      '  1970-01-01 00:00:00.000  ACCEPTED',
      '  1970-01-01 00:00:01.500  RUNNING',
      '  1970-01-01 00:00:01.500  SUCCEEDED there',
    ]);
  });

  it('watches by the stream, which it goes on with where it broke', async () => {
    const event = (id: string, status: string, atMs: number) =>
      `id: ${id}\nevent: command\ndata: ${JSON.stringify({ commandId: 'cmd-1', status, atMs })}\n\n`;
    at.gateway.say(stand('QUEUED'), stand('QUEUED'), stand('SUCCEEDED'));
    at.gateway.stream(
      `retry: 2000\n\n:\n\n${event('0-3', 'QUEUED', 1500)}${event('0-4', 'SENT', 1600)}id: 0-5\nda`,
      event('0-5', 'RUNNING', 1700) + event('0-6', 'SUCCEEDED', 1800),
    );
    const { code, out } = await at.world.run(['command', 'watch', 'cmd-1']);
    const told = out.split('\n').map((line) => line.trim().split(/ +/).at(2));
    expect({ code, told: told.slice(0, 5) }).toEqual({
      code: 0,
      told: ['ACCEPTED', 'QUEUED', 'SENT', 'RUNNING', 'SUCCEEDED'],
    });
    const opened = at.gateway.seen.filter(({ path }) => path.endsWith('/events'));
    expect(opened.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '0-4']);
  });

  it('follows all commands, over a break and from where the stream began', async () => {
    const event = (id: string, status: string) => {
      const news = { commandId: 'cmd-1', robotId: 'r1', action: 'move', status, atMs: 1500 };
      return `id: ${id}\nevent: command\ndata: ${JSON.stringify(news)}\n\n`;
    };
    at.gateway.say({ status: 200, body: { commands: [] } });
    at.gateway.stream('retry: 2000\nid: 0-3,1-4\n\n', event('0-5,1-4', 'QUEUED'));
    const { code, out } = await at.world.run(['command', 'follow', '--for', '2s']);
    expect({ code, out }).toEqual({ code: 0, out: 'r1  move  cmd-1  1970-01-01 00:00:01.500  QUEUED' });
    const opened = at.gateway.seen.filter(({ path }) => path === '/v1/events');
    expect(opened.map(({ headers }) => headers['last-event-id']).slice(0, 2)).toEqual([undefined, '0-3,1-4']);
  });

  it.each([
    { name: 'stops a robot', args: ['stop', 'r1'], posts: '/v1/robots/r1/stop', before: [] },
    {
      name: 'cancels a command of whatever robot it is',
      args: ['cancel', 'cmd-1'],
      posts: '/v1/robots/r1/commands/cmd-1/cancel',
      before: [stand('RUNNING')],
    },
  ])('$name, and says what comes of that', async ({ args, posts, before }) => {
    at.gateway.say(...before, { ...requested, body: { ...requested.body, commandId: 'cmd-2' } }, stand('SUCCEEDED'));
    const { code, out } = await at.world.run(['command', ...args, '--reason', 'why', '--key', 'k1', '--wait']);
    expect({ code, first: out.split('\n')[0] }).toEqual({ code: 0, first: 'cmd-2' });
    expect(out).toContain('SUCCEEDED');
    const posted = at.gateway.seen.find(({ request }) => request.startsWith('POST'));
    expect(posted).toMatchObject({
      request: `POST ${posts}`,
      headers: { 'idempotency-key': 'k1' },
      body: '{"reason":"why"}',
    });
    expect(at.gateway.seen.at(-1)?.request).toBe('GET /v1/commands/cmd-2');
  });

  it.each(['approve', 'decline'])('lets a second person %s', async (verb) => {
    at.gateway.say(stand('ACCEPTED'), requested);
    expect(await at.world.run(['command', verb, 'cmd-1', '--reason', 'why'])).toMatchObject({ code: 0, out: 'cmd-1' });
    expect(at.gateway.seen[1]).toMatchObject({
      request: `POST /v1/robots/r1/commands/cmd-1/${verb}`,
      body: '{"reason":"why"}',
    });
  });

  it.each([['cancel'], ['watch', 'a', 'b'], ['stop'], ['approve']])('is told what it is about: %s', async (...args) => {
    expect(await at.world.run(['command', ...args])).toMatchObject({ code: 2 });
    expect(at.gateway.seen).toEqual([]);
  });

  it('tells who did what, when and why', async () => {
    const entry = { atMs: 0, by: 'ada', act: 'request', robotId: 'r1', commandId: 'cmd-1', action: 'move', why: 'why' };
    at.gateway.say({ status: 200, body: { entries: [entry], next: 'x' } });
    const { out, notes } = await at.world.run(['audit', '--robot', 'r1', '--by', 'ada']);
    expect(out.split('\n')).toEqual([
      'WHEN (UTC)           WHO  DID      ROBOT  ACTION  COMMAND  WHY',
      '1970-01-01 00:00:00  ada  request  r1     move    cmd-1    why',
    ]);
    expect(notes).toContain('There are more');
    expect(at.gateway.seen[0]?.request).toBe('GET /v1/audit?robotId=r1&by=ada');
  });

  it('ends with the problem of a refusal', async () => {
    at.gateway.say({ status: 403, body: { code: 'FS_FORBIDDEN', detail: 'needs the role operator', hint: 'Ask.' } });
    expect(await at.world.run(['command', 'send', 'r1', 'move'])).toMatchObject({
      code: 1,
      notes: 'fleetstream: 403 FS_FORBIDDEN: needs the role operator\nAsk.',
    });
  });
});
