import { type CommandStatus } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { answer, commandsWith, limits, robot, start } from '../test/queued-commands.ts';
import { statusOfAction } from './command-answers.ts';
import { type Commands } from './command-ledger.ts';
import { CommandQueue } from './command-queue.ts';

it('what happens to nobody leaves the commands as they are, by reference', () => {
  const before = commandsWith('RUNNING');
  const queue = new CommandQueue(before, start, limits, robot);
  queue.expire();
  expect(queue.finish()).toBe(before);
  expect(new CommandQueue(undefined, start, limits, robot).finish()).toBeUndefined();
});

it('an action says of a command what it is doing', () => {
  expect(statusOfAction).toEqual({
    WAITING: 'ACKED',
    INITIALIZING: 'RUNNING',
    RUNNING: 'RUNNING',
    PAUSED: 'PAUSED',
    RETRIABLE: 'RUNNING',
    FINISHED: 'SUCCEEDED',
    FAILED: 'FAILED',
  });
});

describe('the queue', () => {
  const request = (queue: CommandQueue, ...ids: string[]): void => {
    for (const commandId of ids) queue.request({ commandId, action: 'move' });
  };
  const told = ({ moves }: CommandQueue): string[] =>
    moves.map(({ command: { id, status }, why: { reason } }) => [id, status, reason].filter(Boolean).join(' '));
  const filled = (...ids: string[]): Commands | undefined => {
    const queue = new CommandQueue(undefined, start, limits, robot);
    request(queue, ...ids);
    return queue.finish();
  };

  it('brings commands into flight in the order of their requests, as far as there are places', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits, robot);
    expect(queue.finish()?.open.map(({ status }) => status)).toEqual(['QUEUED', 'QUEUED', 'ACCEPTED']);
    queue.answer({ ...answer('SUCCEEDED'), commandId: 'b' });
    expect(queue.finish()?.open.map(({ id, status }) => `${id} ${status}`)).toEqual(['a QUEUED', 'c QUEUED']);
    expect(told(queue)).toEqual(['b SUCCEEDED', 'c QUEUED']);
  });

  it('lets the urgent go before the others, and those before the low, each in the order of their requests', () => {
    const queue = new CommandQueue(filled('a', 'b'), start, { ...limits, commandsOpenMax: 9 }, robot);
    for (const [commandId, priority] of [
      ['l', 'low'],
      ['n', 'normal'],
      ['u', 'urgent'],
      ['v', 'urgent'],
    ] as const) {
      queue.request({ commandId, action: 'move', priority });
    }
    for (const commandId of ['a', 'b', 'u', 'v', 'n', 'l']) {
      queue.finish();
      queue.answer({ ...answer('SUCCEEDED'), commandId });
    }
    expect(told(queue).filter((word) => word.endsWith('QUEUED'))).toEqual([
      'u QUEUED',
      'v QUEUED',
      'n QUEUED',
      'l QUEUED',
    ]);
  });

  it('lets a robot begin out of turn, and brings nothing into flight for it', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits, robot);
    queue.answer(answer('RUNNING'));
    queue.answer({ ...answer('FAILED'), commandId: 'a' });
    request(queue, 'd');
    queue.finish();
    expect(told(queue)).toEqual(['c RUNNING', 'a FAILED', 'd ACCEPTED']);
  });

  it('is full at its limit, and remembers what it rejected', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits, robot);
    request(queue, 'd', 'd');
    expect(told(queue)).toEqual(['d REJECTED queue-full']);
    expect(queue.finish()).toMatchObject({
      finished: [{ id: 'd', status: 'REJECTED' }],
      counters: { requested: 4, repeated: 1 },
    });
  });

  it('takes cancels and stops when it is full', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits, robot);
    for (const commandId of ['a', 'b']) queue.deliver({ commandId, attempt: 1, outcome: 'SENT', channel: 'pull' });
    queue.cancel({ commandId: 'a', cancelId: 'x' });
    queue.cancel({ commandId: 'b', cancelId: 'y' });
    queue.cancel({ commandId: 'b', cancelId: 'z' });
    queue.request({ commandId: 's', action: 'stop', stop: true });
    queue.finish();
    expect(told(queue)).toEqual([
      'a SENT',
      'b SENT',
      'x ACCEPTED',
      'y ACCEPTED',
      'z REJECTED queue-full',
      'c SUPERSEDED s',
      'x SUPERSEDED s',
      'y SUPERSEDED s',
      's ACCEPTED',
      's QUEUED',
    ]);
  });

  it('gives the place of what is unknown to who needs one', () => {
    const lost = { ...commandsWith('UNKNOWN') } as Commands;
    const queue = new CommandQueue(lost, start, { ...limits, commandsOpenMax: 1 }, robot);
    request(queue, 'd');
    expect(queue.finish()).toMatchObject({ open: [{ id: 'd' }], finished: [{ id: 'c', status: 'UNKNOWN' }] });
    expect(told(queue)).toEqual(['d ACCEPTED', 'd QUEUED']);
  });

  it('remembers the latest that ended, up to its limit', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start, limits, robot);
    for (const commandId of ['c', 'a', 'b']) queue.answer({ ...answer('SUCCEEDED'), commandId });
    expect(queue.finish()?.finished.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('ends all that is due before it brings anything into flight', () => {
    const queue = new CommandQueue(filled('a', 'b', 'c'), start + 300_000, limits, robot);
    queue.expire();
    queue.finish();
    expect(told(queue)).toEqual(['a EXPIRED', 'b EXPIRED', 'c EXPIRED']);
  });

  it('grants an attempt to the first that asks for it', () => {
    const queue = new CommandQueue(filled('a'), start, limits, robot);
    for (const [instance, attempt] of [
      ['one', 1],
      ['two', 1],
      ['three', 2],
    ] as const) {
      queue.deliver({ commandId: 'a', attempt, outcome: 'SENT', channel: 'push', instance });
    }
    expect(queue.finish()?.open).toMatchObject([{ status: 'SENT', attempt: 1, instance: 'one' }]);
    expect(told(queue)).toEqual(['a SENT']);
  });

  it('grants no attempt that is not newer than the last, so that what was told late hands nothing over', () => {
    const before = { ...commandsWith('QUEUED', { attempt: 2 }) } as Commands;
    const queue = new CommandQueue(before, start, limits, robot);
    queue.deliver({ commandId: 'c', attempt: 2, outcome: 'SENT', channel: 'pull', instance: 'late' });
    expect(told(queue)).toEqual([]);
    queue.deliver({ commandId: 'c', attempt: 3, outcome: 'SENT', channel: 'pull', instance: 'newer' });
    expect(told(queue)).toEqual(['c SENT']);
  });

  it.each<{ name: string; status: CommandStatus; more: object; told: string[] }>([
    { name: 'without a transition', status: 'SENT', more: {}, told: ['c SENT'] },
    { name: 'also when it was handed over', status: 'DELIVERED', more: {}, told: ['c DELIVERED'] },
    { name: 'not when the robot has it', status: 'RUNNING', more: {}, told: [] },
    { name: 'not when a stop came between', status: 'SENT', more: { epoch: -1 }, told: [] },
    { name: 'not when it may be done once', status: 'SENT', more: { idempotent: false }, told: [] },
  ])('lets what may be done twice be handed over again: $name', ({ status, more, told: words }) => {
    const before = { ...commandsWith(status, { idempotent: true, ...more }) } as Commands;
    const queue = new CommandQueue(before, start + 1, limits, robot);
    queue.deliver({ commandId: 'c', attempt: 3, outcome: 'SENT', channel: 'push', instance: 'i' });
    expect(queue.finish()?.open).toMatchObject([{ status, attempt: words.length > 0 ? 3 : 1 }]);
    expect(told(queue)).toEqual(words);
  });
});
