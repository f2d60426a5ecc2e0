import { describe, expect, it } from 'vitest';
import { useTestingGateway } from '../use-testing-gateway.ts';

const at = useTestingGateway();

const taken = { status: 202, body: { taskId: 't1', robotId: 'r1', commands: [] } };
const stand = (status: string, ...steps: string[]) => ({
  status: 200,
  body: {
    ...{ taskId: 't1', robotId: 'r1', status },
    commands: steps.map((step, index) => ({
      ...{ commandId: `t1.${index + 1}-2`, robotId: 'r1', action: 'move', status: step },
      history: [{ status: step, atMs: index * 1000 }],
    })),
  },
});

describe('fleetstream task', () => {
  it('sends the steps that are named one by one, with the key and the reason', async () => {
    at.gateway.say(taken);
    const steps = ['--step', 'move {"x":1}', '--step', 'dock'];
    const { code, out } = await at.world.run(['task', 'send', 'r1', ...steps, '--key', 'k1', '--reason', 'why']);
    expect({ code, out }).toEqual({ code: 0, out: 't1' });
    expect(at.gateway.seen[0]).toMatchObject({
      request: 'POST /v1/robots/r1/tasks',
      headers: { 'idempotency-key': 'k1' },
      body: '{"steps":[{"action":"move","parameters":{"x":1}},{"action":"dock"}],"reason":"why"}',
    });
  });

  it('sends what a file or standard input holds', async () => {
    at.gateway.say(taken);
    at.world.write('task.json', '{"steps":[{"action":"dock","on":"end"}]}');
    await at.world.run(['task', 'send', 'r1', 'task.json']);
    await at.world.run(['task', 'send', 'r1', '-'], { input: '{"steps":[{"action":"dock","on":"end"}]}' });
    const bodies = at.gateway.seen.map(({ body }) => body);
    expect(bodies).toEqual(Array(2).fill('{"steps":[{"action":"dock","on":"end"}]}'));
  });

  it.each([
    { name: 'succeeded', end: stand('SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'), code: 0, says: 't1  r1  SUCCEEDED' },
    { name: 'failed', end: stand('FAILED', 'FAILED', 'CANCELLED'), code: 1, says: 'It ended as FAILED.' },
  ])('waits until it $name, telling of each change once', async ({ end, code, says }) => {
    const open = stand('OPEN', 'RUNNING', 'ACCEPTED');
    at.gateway.say(taken, open, open, end);
    const result = await at.world.run(['task', 'send', 'r1', '--step', 'move', '--wait']);
    expect(result.code).toBe(code);
    expect(result.out + result.notes).toContain(says);
    expect(result.out.split('\n').filter((line) => line.includes('OPEN'))).toHaveLength(1);
  });

  it('shows where it stands, step by step', async () => {
    at.gateway.say(stand('OPEN', 'SUCCEEDED', 'RUNNING'));
    const { out } = await at.world.run(['task', 'show', 'r1', 't1']);
    expect(out.split('\n')).toEqual([
      't1  r1  OPEN',
      '  1. move  1970-01-01 00:00:00.000  SUCCEEDED',
      '  2. move  1970-01-01 00:00:01.000  RUNNING',
    ]);
  });

  it('cancels what has not ended, and says what comes of each step', async () => {
    const commands = [
      { commandId: 't1.1-2', status: 'SUCCEEDED', outcome: 'too-late' },
      { commandId: 't1.2-2', status: 'RUNNING', outcome: 'pending' },
    ];
    at.gateway.say({ status: 202, body: { taskId: 't1', robotId: 'r1', commands } });
    const { code, out } = await at.world.run(['task', 'cancel', 'r1', 't1', '--reason', 'why']);
    expect({ code, lines: out.split('\n') }).toEqual({
      code: 0,
      lines: ['t1.1-2  SUCCEEDED  too-late', 't1.2-2  RUNNING  pending'],
    });
    expect(at.gateway.seen[0]).toMatchObject({
      request: 'POST /v1/robots/r1/tasks/t1/cancel',
      body: '{"reason":"why"}',
    });
  });

  it.each([
    { name: 'no verb', args: [] },
    { name: 'a word that every object knows', args: ['toString', 'r1'] },
    { name: 'no step', args: ['send', 'r1'] },
    { name: 'both a file and steps', args: ['send', 'r1', 'task.json', '--step', 'dock'] },
    { name: 'a step without an action', args: ['send', 'r1', '--step', ' '] },
    { name: 'parameters that are no object', args: ['send', 'r1', '--step', 'move 3'] },
    { name: 'no task id', args: ['show', 'r1'] },
  ])('says what is wrong with $name, and asks nobody', async ({ args }) => {
    expect(await at.world.run(['task', ...args])).toMatchObject({ code: 2 });
    expect(at.gateway.seen).toEqual([]);
  });
});
