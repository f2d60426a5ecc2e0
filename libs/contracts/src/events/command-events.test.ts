import { describe, expect, it } from 'vitest';
import { commandParametersMax, commandStatuses, isSettled, isTerminal } from './command-events.ts';
import { commandRequestedSchema, deliverySchema } from './fleet-events.ts';

const request = { commandId: 'c1', action: 'move' };
const nested = JSON.parse('['.repeat(70) + ']'.repeat(70)) as unknown;
const hidden = JSON.parse('{"deep":{"__proto__":1}}') as unknown;

describe('a command request', () => {
  it.each<{ name: string; data: object; problem?: RegExp }>([
    { name: 'needs nothing but an id and an action', data: {} },
    { name: 'may be wanted within a second', data: { expiresInMs: 1_000 } },
    { name: 'can not be wanted sooner', data: { expiresInMs: 999 }, problem: /1000/ },
    { name: 'may be wanted within a day', data: { expiresInMs: 86_400_000 } },
    { name: 'can not be wanted later', data: { expiresInMs: 86_400_001 }, problem: /86400000/ },
    { name: 'has an id that fits into a path', data: { commandId: 'a/b' }, problem: /an id/ },
    { name: 'has parameters of any kind', data: { parameters: { to: { x: 1, y: [null, 'ä'] } } } },
    { name: 'has parameters up to their limit', data: { parameters: { t: 'a'.repeat(commandParametersMax - 8) } } },
    {
      name: 'has no parameters beyond it',
      data: { parameters: { t: 'a'.repeat(commandParametersMax - 7) } },
      problem: /longer than 4096/,
    },
    { name: 'is not nested deeply', data: { parameters: { nested } }, problem: /nested deeper/ },
    { name: 'may wait for another', data: { after: { commandId: 'c0', on: 'success' } } },
    { name: 'may wait for the robot', data: { when: { path: 'battery.percent', above: 30 } } },
    { name: 'waits for one thing at a time', data: { when: { path: 'mode', above: 1, below: 2 } }, problem: /Invalid/ },
    { name: 'may have to show', data: { verify: { condition: { path: 'node', equals: 'n7' }, withinMs: 0 } } },
    { name: 'is begun ten times at most', data: { triesMax: 11 }, problem: /10/ },
    { name: 'hides no prototype', data: { parameters: { hidden } }, problem: /__proto__/ },
  ])('$name', ({ data, problem }) => {
    const parsed = commandRequestedSchema.safeParse({ ...request, ...data });
    if (problem === undefined) expect(parsed.data).toEqual({ ...request, ...data });
    else expect(parsed.error?.issues[0]?.message).toMatch(problem);
  });
});

it('a delivery says which attempt it was and over which channel', () => {
  const delivery = { commandId: 'c1', attempt: 1, outcome: 'SENT', channel: 'pull' };
  expect(deliverySchema.safeParse(delivery).success).toBe(true);
  expect(deliverySchema.safeParse({ ...delivery, attempt: 0 }).success).toBe(false);
  expect(deliverySchema.safeParse({ ...delivery, channel: undefined }).success).toBe(false);
});

it('seven statuses end a command, and one of them only until something is heard of it', () => {
  const settled = ['SUCCEEDED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'SUPERSEDED'];
  expect(commandStatuses.filter(isTerminal)).toEqual(['UNKNOWN', ...settled]);
  expect(commandStatuses.filter(isSettled)).toEqual(settled);
});
