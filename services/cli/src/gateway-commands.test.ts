import { deriveRobotSecret, signatureHeaders, verifyContent } from '@fleetstream/signing';
import { describe, expect, it } from 'vitest';
import { testingToken } from './testing-world.ts';
import { useTestingGateway } from './use-testing-gateway.ts';

const at = useTestingGateway();

const say = (status: number, body: unknown) => {
  at.gateway.say({ status, body });
};

const send = (...more: readonly string[]) =>
  at.world.run([
    'send',
    'r1',
    '--type',
    'robot.alert.v1',
    '--data',
    '{"code":"A","level":"WARNING"}',
    '--id',
    'e1',
    ...more,
  ]);

describe('fleetstream send', () => {
  it('posts one signed CloudEvent', async () => {
    say(202, { results: [{ id: 'e1', result: 'accepted' }] });
    expect(await send()).toEqual({ code: 0, out: 'e1 accepted', notes: '' });
    const [one] = at.gateway.seen;
    if (one === undefined) expect.unreachable();
    const { headers, path } = one;
    expect(path).toBe('/v1/robots/r1/events');
    expect(JSON.parse(one.body)).toMatchObject({
      specversion: '1.0',
      id: 'e1',
      source: '/robots/r1',
      type: 'robot.alert.v1',
    });
    const content = {
      id: String(headers[signatureHeaders.id]),
      timestamp: String(headers[signatureHeaders.timestamp]),
      body: Buffer.from(one.body),
    };
    const secret = deriveRobotSecret(at.world.masterKey, 'r1', 1);
    expect(verifyContent([secret], content, String(headers[signatureHeaders.signature]))).toBe(true);
  });

  it.each([
    {
      name: 'a rejected event is a failure that says why',
      status: 422,
      body: {
        code: 'FS_EVENT_MALFORMED',
        detail: 'no event was accepted',
        hint: 'Compare.',
        results: [{ id: 'e1', result: 'rejected', code: 'FS_EVENT_MALFORMED', detail: 'data.code: missing' }],
      },
      says: /^fleetstream: 422 FS_EVENT_MALFORMED: no event was accepted\n {2}e1: FS_EVENT_MALFORMED data\.code: missing\nCompare\.$/,
    },
    {
      name: 'a refused signature is a failure',
      status: 401,
      body: { code: 'FS_SIGNATURE_INVALID', title: 'No' },
      says: /401 FS_SIGNATURE_INVALID: No/,
    },
    {
      name: 'a retry is a failure for now',
      status: 202,
      body: { results: [{ id: 'e1', result: 'retry' }] },
      says: /send it again with --id e1/,
    },
    { name: "a proxy's page is a failure", status: 502, body: '<html>', says: /not the platform's: <html>/ },
  ])('$name', async ({ status, body, says }) => {
    say(status, body);
    const result = await send();
    expect(result.code).toBe(1);
    expect(result.notes).toMatch(says);
  });

  it('reads data from a file or from standard input', async () => {
    say(202, { results: [{ id: 'e1', result: 'duplicate' }] });
    at.world.write('data.json', '{"code":"FILE"}');
    await at.world.run(['send', 'r1', '--type', 't', '--data', '@data.json']);
    await at.world.run(['send', 'r1', '--type', 't', '--data', '-'], { input: '{"code":"INPUT"}' });
    expect(at.gateway.seen.map(({ body }) => (JSON.parse(body) as { data: unknown }).data)).toEqual([
      { code: 'FILE' },
      { code: 'INPUT' },
    ]);
  });
});

describe('fleetstream state', () => {
  it('shows one robot whole, asked for with the token', async () => {
    say(200, { robotId: 'r1', partition: 2, state: { presence: { status: 'online' } } });
    const { code, out } = await at.world.run(['state', 'r1']);
    expect(code).toBe(0);
    expect(out).toContain('"status": "online"');
    expect(at.gateway.seen[0]?.headers.authorization).toBe(`Bearer ${testingToken}`);
  });

  it('shows all robots in a table', async () => {
    const presence = { status: 'online', lastSeenMs: Date.parse('2026-01-02T03:04:05Z') };
    const reported = {
      mode: 'AUTOMATIC',
      battery: { percent: 51.26, voltageV: 8.3, charging: true },
      pose: { x: 1.25, y: -3 },
    };
    say(200, {
      robots: [
        { robotId: 'zz', partition: 1, state: {} },
        { robotId: 'aa', partition: 0, state: { presence, reported, errors: [{ type: 'COLLISION' }] } },
      ],
      asOf: [],
    });
    const { out } = await at.world.run(['state']);
    expect(out.split('\n')).toEqual([
      'ROBOT  STATUS  MODE       BATTERY         WHERE   ERRORS     LAST HEARD (UTC)',
      'aa     online  AUTOMATIC  51.3 % 8.3 V +  1.3,-3  COLLISION  2026-01-02 03:04:05',
      'zz     -       -          -               -       -          -',
    ]);
  });

  it('prints the very answer as JSON', async () => {
    const body = '{"robots":[],"asOf":[{"partition":0,"offset":12345678901234567890}]}';
    say(200, `${body}\n`);
    expect((await at.world.run(['state', '--json'])).out).toBe(body);
  });

  it('tells of one robot what both sides know, and how its clock goes', async () => {
    say(200, { robotId: 'r1', live: { presence: { status: 'online' }, clockOffsetMs: 1_114_560_000 } });
    const { out } = await at.world.run(['robots', 'get', 'r1']);
    expect(out.split('\n')).toEqual(['robot   r1', 'status  online', 'clock   12.9 d behind']);
    expect(at.gateway.seen[0]?.request).toBe('GET /v1/robots/r1');
  });

  it('says what to do about an unknown robot', async () => {
    say(404, { code: 'FS_ROBOT_UNKNOWN', title: 'No event of this robot has been folded yet', hint: 'Check the id.' });
    const { code, notes } = await at.world.run(['state', 'r9']);
    expect({ code, notes }).toEqual({
      code: 1,
      notes: 'fleetstream: 404 FS_ROBOT_UNKNOWN: No event of this robot has been folded yet\nCheck the id.',
    });
  });
});
