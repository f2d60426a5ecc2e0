import { describe, expect, it } from 'vitest';
import { useTestingGateway } from '../use-testing-gateway.ts';

const at = useTestingGateway();

const taken = { status: 202, body: { rolloutId: 'ro-1', phase: 'RUNNING', robots: 4 } };
const wave = (index: number, phase: string, figures: object) => ({ wave: index, robots: 2, asked: 2, phase, figures });
const stand = (phase: string, more: object = {}) => ({
  status: 200,
  body: {
    ...{ rolloutId: 'ro-1', phase, action: 'update', robots: 4, asked: 2, requestedBy: 'ada', createdAtMs: 0 },
    counts: { WAITING: 2, SUCCEEDED: 2 },
    waves: [wave(0, 'PASSED', { succeeded: 2 }), wave(1, 'WAITING', {})],
    ...more,
  },
});

describe('fleetstream rollout', () => {
  it('asks those that the flags stand for, by the plan', async () => {
    at.gateway.say(taken);
    const selector = ['--fleet', 'pickers', '--tag', 'a', '--tag', 'b', '--where', '{"path":"mode"}'];
    const command = ['--parameters', '{"v":2}', '--expires', '2m', '--reason', 'why'];
    const plan = ['--plan', '{"canary":{"robots":1}}', '--needs-approval', '--key', 'k1'];
    const { code, out } = await at.world.run(['rollout', 'send', 'update', ...selector, ...command, ...plan]);
    expect({ code, out }).toEqual({ code: 0, out: 'ro-1' });
    const { request, headers, body } = at.gateway.seen[0] ?? expect.unreachable();
    expect(request).toBe('POST /v1/commands');
    expect(headers).toMatchObject({ 'idempotency-key': 'k1' });
    expect(JSON.parse(body)).toEqual({
      selector: { fleet: 'pickers', tags: ['a', 'b'], state: { path: 'mode' } },
      command: { action: 'update', parameters: { v: 2 }, expiresInMs: 120_000, reason: 'why' },
      rollout: { canary: { robots: 1 } },
      needsApproval: true,
    });
  });

  it('says of a dry run whom it would be for', async () => {
    at.gateway.say({ status: 200, body: { robots: 3, sample: ['r1', 'r2'], waves: [1, 2] } });
    const { out } = await at.world.run(['rollout', 'send', 'update', '--all', '--dry-run']);
    expect(out.split('\n')).toEqual(['3 robots in waves of 1, 2', 'r1', 'r2']);
    expect(JSON.parse(at.gateway.seen[0]?.body ?? '')).toMatchObject({ selector: { all: true }, dryRun: true });
  });

  it.each([
    { name: 'finished', end: stand('FINISHED'), code: 0, says: 'ro-1  update  FINISHED' },
    { name: 'was aborted', end: stand('ABORTED', { end: { reason: 'errors' } }), code: 1, says: 'ABORTED (errors)' },
  ])('waits until it $name', async ({ end, code, says }) => {
    at.gateway.say(taken, stand('RUNNING'), end);
    const result = await at.world.run(['rollout', 'send', 'update', '--robot', 'r1', '--robot', 'r2', '--wait']);
    expect(result.code).toBe(code);
    expect(result.out).toContain(says);
  });

  it('shows each wave with what its gate sees', async () => {
    at.gateway.say(stand('RUNNING'));
    const { out } = await at.world.run(['rollout', 'show', 'ro-1']);
    expect(out.split('\n')).toEqual([
      'ro-1  update  RUNNING  2 of 4 asked',
      '  2 WAITING, 2 SUCCEEDED',
      '  WAVE  PHASE    ASKED  ROBOTS  SUCCEEDED  FAILED  DIVERGED  ERRORS',
      '  0     PASSED   2      2       2          0       0         0',
      '  1     WAITING  2      2       0          0       0         0',
    ]);
  });

  it('lists rollouts, and the robots of one page by page', async () => {
    at.gateway.say({ status: 200, body: { rollouts: [stand('RUNNING', { waves: 2 }).body] } });
    expect((await at.world.run(['rollout', 'list'])).out.split('\n')).toEqual([
      'ROLLOUT  ACTION  PHASE    ASKED  ROBOTS  CREATED (UTC)        BY',
      'ro-1     update  RUNNING  2      4       1970-01-01 00:00:00  ada',
    ]);
    const robots = [{ robotId: 'r1', wave: 0, status: 'SUCCEEDED', commandId: 'c1' }];
    at.gateway.say({ status: 200, body: { robots, nextCursor: '1' } });
    const { out, notes } = await at.world.run(['rollout', 'robots', 'ro-1', '--status', 'succeeded', '--limit', '1']);
    expect(out.split('\n')).toEqual(['ROBOT  WAVE  STATUS     COMMAND', 'r1     0     SUCCEEDED  c1']);
    expect(notes).toContain('--cursor 1');
    expect(at.gateway.seen.at(-1)?.request).toBe('GET /v1/rollouts/ro-1/robots?limit=1&status=SUCCEEDED');
  });

  it.each(['approve', 'pause', 'resume', 'abort'])('lets a person %s it', async (verb) => {
    at.gateway.say(stand('RUNNING'));
    expect(await at.world.run(['rollout', verb, 'ro-1', '--reason', 'why'])).toMatchObject({ code: 0 });
    expect(at.gateway.seen[0]).toMatchObject({ request: `POST /v1/rollouts/ro-1/${verb}`, body: '{"reason":"why"}' });
  });

  it.each([
    { name: 'nobody being named', args: ['send', 'update'] },
    { name: 'a plan that is not JSON', args: ['send', 'update', '--all', '--plan', 'slowly'] },
    { name: 'no rollout', args: ['abort'] },
  ])('says what is wrong with $name, and asks nobody', async ({ args }) => {
    expect(await at.world.run(['rollout', ...args])).toMatchObject({ code: 2 });
    expect(at.gateway.seen).toEqual([]);
  });
});
