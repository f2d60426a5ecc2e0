import { type CommandStatus } from '@fleetstream/contracts';
import { expect, it } from 'vitest';
import { parseTask, toTaskView } from './robot-task.ts';

const parse = (body: unknown) =>
  parseTask({ body, taskId: 't', requestedBy: 'ada', policy: { hazardousActions: new Set(['blast']) } });

it('makes a row of commands that wait for each other', () => {
  const steps = [
    { action: 'go', reason: 'first' },
    { action: 'blast', on: 'end' },
    { action: 'back', triesMax: 2 },
  ];
  const common = { taskId: 't', requestedBy: 'ada' };
  expect(parse({ steps, reason: 'why' })).toEqual({
    kind: 'task',
    commands: [
      { ...common, action: 'go', reason: 'first', commandId: 't.1-3' },
      {
        ...common,
        ...{ action: 'blast', reason: 'why', commandId: 't.2-3', needsApproval: true },
        after: { commandId: 't.1-3', on: 'end' },
      },
      {
        ...common,
        ...{ action: 'back', reason: 'why', commandId: 't.3-3', triesMax: 2 },
        after: { commandId: 't.2-3', on: 'success' },
      },
    ],
  });
});

it.each([
  { name: 'no steps', body: { steps: [] } },
  { name: 'too many steps', body: { steps: Array(33).fill({ action: 'go' }) } },
  { name: 'a step with an id of its own', body: { steps: [{ action: 'go', commandId: 'c' }] } },
  { name: 'a step that is a stop', body: { steps: [{ action: 'go', stop: true }] } },
  { name: 'no task', body: 7 },
])('is refused with $name', ({ body }) => {
  expect(parse(body)).toMatchObject({ kind: 'refused', code: 'FS_COMMAND_MALFORMED' });
});

it.each<{ steps: CommandStatus[]; status: string }>([
  { steps: ['SUCCEEDED', 'RUNNING', 'ACCEPTED'], status: 'OPEN' },
  { steps: ['SUCCEEDED', 'SUCCEEDED'], status: 'SUCCEEDED' },
  { steps: ['SUCCEEDED', 'FAILED', 'CANCELLED'], status: 'FAILED' },
  { steps: ['FAILED', 'RUNNING'], status: 'OPEN' },
  { steps: ['UNKNOWN', 'CANCELLED'], status: 'UNKNOWN' },
])('stands at $status after $steps', ({ steps, status }) => {
  const commands = steps.map((of, index) => ({
    ...{ commandId: `t.${index + 1}`, robotId: 'r', status: of, action: 'go' },
    ...{ requestedAtMs: 0, expiresAtMs: 1, epoch: 0, history: [] },
  }));
  expect(toTaskView('t', 'r', commands).status).toBe(status);
});
