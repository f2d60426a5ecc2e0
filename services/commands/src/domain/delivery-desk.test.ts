import { type CommandStatus } from '@fleetstream/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { CommandBook } from './command-book.ts';
import { DeliveryDesk } from './delivery-desk.ts';

const reofferMs = 1000;
let book: CommandBook;
let desk: DeliveryDesk;
let mayDeliver: boolean;

const at = (monotonicMs: number) => ({ nowMs: 5000, monotonicMs });

function say(commandId: string, status: CommandStatus, more: { attempt?: number; atMs?: number } = {}): void {
  const data = {
    commandId,
    robotId: 'r',
    status,
    action: 'move',
    requestedAtMs: 1,
    expiresAtMs: 9000,
    atMs: 1,
    deliver: false,
    idempotent: true,
  };
  book.apply({ ...data, ...(more.attempt !== undefined && { attempt: more.attempt }) });
  const view = book.find(commandId);
  if (view !== undefined) desk.note(view, at(more.atMs ?? 0));
}

const take = (atMs: number) =>
  desk.take('r', at(atMs)).map(({ command, attempt }) => `${command.commandId}#${attempt}`);

beforeEach(() => {
  mayDeliver = true;
  book = new CommandBook({ finishedMax: 3, openMax: 10 });
  desk = new DeliveryDesk(book, reofferMs, () => mayDeliver);
});

describe('what is due', () => {
  it('are the queued commands of the robot, in order, once', () => {
    for (const id of ['a', 'b']) say(id, 'QUEUED');
    say('c', 'ACCEPTED');
    expect(desk.take('s', at(0))).toEqual([]);
    expect(take(0)).toEqual(['a#1', 'b#1']);
    expect(take(0)).toEqual([]);
  });

  it.each([
    { name: 'just before the time for it', atMs: 999, due: [] },
    { name: 'exactly at it', atMs: 1000, due: ['a#2'] },
  ])('is a command again when its robot is silent: $name', ({ atMs, due }) => {
    say('a', 'QUEUED');
    take(0);
    say('a', 'SENT', { attempt: 1, atMs: 500 });
    expect(take(atMs)).toEqual(due);
  });

  it.each<{ status: CommandStatus; due: string[] }>([
    { status: 'DELIVERED', due: ['a#2'] },
    { status: 'ACKED', due: [] },
    { status: 'RUNNING', due: [] },
    { status: 'SUCCEEDED', due: [] },
    { status: 'EXPIRED', due: [] },
  ])('is a command that is $status: $due', ({ status, due }) => {
    say('a', 'QUEUED');
    take(0);
    say('a', status, { attempt: 1 });
    expect(take(5000)).toEqual(due);
  });

  it('waits as long for what another instance handed over', () => {
    say('a', 'QUEUED');
    say('a', 'SENT', { attempt: 3, atMs: 100 });
    expect(take(1099)).toEqual([]);
    expect(take(1100)).toEqual(['a#4']);
  });

  it('is at once what could not be handed over, or after the delay for it', () => {
    say('a', 'QUEUED');
    desk.giveBack(desk.take('r', at(0)), at(10));
    expect(take(10)).toEqual(['a#2']);
    const handovers = desk.take('r', at(2000));
    desk.giveBack(handovers, at(2000), 300);
    expect(take(2299)).toEqual([]);
    expect(take(2300)).toEqual(['a#4']);
    // A late word of an attempt that was followed by another changes nothing.
    desk.giveBack(handovers, at(2400));
    expect(take(2400)).toEqual([]);
  });

  it('is nothing that nobody wants any more, although the log has not said so yet', () => {
    say('a', 'QUEUED');
    expect(desk.take('r', { nowMs: 9000, monotonicMs: 0 })).toEqual([]);
    expect(desk.take('r', { nowMs: 8999, monotonicMs: 0 })).toHaveLength(1);
  });

  it('is nothing while history is read', () => {
    say('a', 'QUEUED');
    mayDeliver = false;
    expect(desk.hasDue('r', at(0))).toBe(false);
    mayDeliver = true;
    expect(desk.hasDue('r', at(0))).toBe(true);
  });
});

describe('the book', () => {
  it('remembers what ended up to its limit, and an end is an end', () => {
    for (const id of ['a', 'b', 'c', 'd']) {
      say(id, 'QUEUED');
      say(id, 'SUCCEEDED');
    }
    expect(book.list({ limit: 10 }).commands.map(({ commandId }) => commandId)).toEqual(['b', 'c', 'd']);
    expect(book.find('a')).toBeUndefined();
    say('b', 'RUNNING');
    expect(book.find('b')?.history.map(({ status }) => status)).toEqual(['QUEUED', 'SUCCEEDED']);
    expect(book.openCount).toBe(0);
    expect([...book.robotsWithOpen()]).toEqual([]);
  });

  it('forgets the oldest open command beyond its limit, and counts it', () => {
    for (let n = 0; n < 11; n++) say(`c${n}`, 'QUEUED');
    expect(book.find('c0')).toBeUndefined();
    expect([book.openCount, book.forgottenOpen]).toEqual([10, 1]);
  });
});
