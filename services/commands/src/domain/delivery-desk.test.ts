import { type CommandData, type CommandStatus } from '@fleetstream/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { CommandBook } from './command-book.ts';
import { DeliveryDesk, type Handover } from './delivery-desk.ts';

const reofferMs = 1000;
let book: CommandBook;
let desk: DeliveryDesk;
let mayDeliver: boolean;

const at = (monotonicMs: number) => ({ nowMs: 5000, monotonicMs });

type More = Partial<CommandData> & { readonly at?: number };

function say(commandId: string, status: CommandStatus, { at: atMs = 0, ...more }: More = {}): number | undefined {
  const data: CommandData = {
    ...{ commandId, robotId: 'r', status, action: 'move', requestedAtMs: 1, expiresAtMs: 9000, atMs: 1 },
    ...{ deliver: false, ask: status === 'UNKNOWN', ...more },
  };
  book.apply(data);
  const view = book.find(commandId);
  return view === undefined ? undefined : desk.note(view, data, at(atMs));
}

const told = (handovers: readonly Handover[]) =>
  handovers.map(({ command, attempt, again }) => `${command.commandId}#${attempt}${again ? ' again' : ''}`);
const claim = (atMs = 0) => told(desk.claim('r', at(atMs)));
const take = (atMs = 0) => told(desk.take('r', at(atMs)));
const grant = (commandId: string, attempt: number, more: More = {}) =>
  say(commandId, 'SENT', { attempt, instance: 'me', ...more });

beforeEach(() => {
  mayDeliver = true;
  book = new CommandBook({ finishedMax: 3, openMax: 10 });
  desk = new DeliveryDesk({ book, instance: 'me', reofferMs, mayDeliver: () => mayDeliver });
});

it.each<{ name: string; status: CommandStatus; more?: More; owed: boolean }>([
  { name: 'waits for its turn to be handed over', status: 'QUEUED', owed: true },
  { name: 'waits for something else first', status: 'ACCEPTED', owed: false },
  { name: 'is with its robot', status: 'DELIVERED', owed: false },
  { name: 'is with its robot and may be done twice', status: 'DELIVERED', more: { idempotent: true }, owed: true },
  { name: 'was answered', status: 'RUNNING', more: { idempotent: true }, owed: false },
  { name: 'is asked about', status: 'UNKNOWN', owed: true },
  { name: 'is expired by now', status: 'QUEUED', more: { expiresAtMs: 4000 }, owed: false },
  { name: 'has ended', status: 'SUCCEEDED', owed: false },
])('a robot is owed a command that $name: $owed', ({ status, more, owed }) => {
  say('a', status, more);
  expect(desk.isOwed('r', at(0))).toBe(owed);
});

describe('what is due', () => {
  it('is claimed in the order of the requests, and handed over once it is granted, once', () => {
    for (const id of ['a', 'b']) say(id, 'QUEUED');
    say('c', 'ACCEPTED');
    expect(desk.claim('s', at(0))).toEqual([]);
    expect(take()).toEqual([]);
    expect([claim(), claim(), take()]).toEqual([['a#1', 'b#1'], [], []]);
    expect([grant('a', 1, { at: 70 }), grant('b', 1)]).toEqual([70, 0]);
    expect([desk.isPending('r'), take(), take(), desk.isPending('r')]).toEqual([true, ['a#1', 'b#1'], [], false]);
    say('a', 'DELIVERED', { attempt: 1, instance: 'me' });
    expect([claim(9000), take(9000)]).toEqual([[], []]);
  });

  it('is not handed over when the log grants it to another instance', () => {
    say('a', 'QUEUED');
    claim();
    say('a', 'SENT', { attempt: 1, instance: 'other' });
    expect([take(), claim(), desk.anyPending]).toEqual([[], [], false]);
    say('a', 'QUEUED', { attempt: 1, instance: 'other' });
    expect(claim()).toEqual(['a#2']);
  });

  it('is claimed again as the same attempt when the log says nothing of it', () => {
    say('a', 'QUEUED');
    expect([claim(0), claim(4999), claim(5000)]).toEqual([['a#1'], [], ['a#1']]);
    // Nobody knows whether the log heard of it.
    desk.giveBack(desk.claim('r', at(10_000)), at(10_000), 1000);
    expect([claim(10_999), claim(11_000)]).toEqual([[], ['a#1']]);
    grant('a', 1);
    expect(take()).toEqual(['a#1']);
  });

  it('is nothing that nobody wants any more, although the log has not said so yet', () => {
    say('a', 'QUEUED');
    expect(desk.claim('r', { nowMs: 9000, monotonicMs: 0 })).toEqual([]);
    expect(desk.claim('r', { nowMs: 8999, monotonicMs: 0 })).toHaveLength(1);
    grant('a', 1);
    expect(desk.take('r', { nowMs: 9000, monotonicMs: 0 })).toEqual([]);
    expect(told(desk.release({ nowMs: 9000, monotonicMs: 0 }))).toEqual(['a#1']);
  });

  it('is nothing while history is read', () => {
    say('a', 'QUEUED');
    mayDeliver = false;
    expect(desk.hasDue('r', at(0))).toBe(false);
    mayDeliver = true;
    expect(desk.hasDue('r', at(0))).toBe(true);
  });
});

describe('what was granted', () => {
  beforeEach(() => {
    say('a', 'QUEUED');
    claim();
    grant('a', 1, { at: 100 });
  });

  it.each([
    { name: 'waits for the robot', atMs: 2099, all: false, released: [] },
    { name: 'is given back when no robot comes', atMs: 2100, all: false, released: ['a#1'] },
    { name: 'is given back when the instance stops', atMs: 101, all: true, released: ['a#1'] },
  ])('$name', ({ atMs, all, released }) => {
    expect(told(desk.release(at(atMs), all))).toEqual(released);
    expect(take(atMs)).toEqual(released.length === 0 ? ['a#1'] : []);
    say('a', 'QUEUED', { attempt: 1 });
    expect(claim(atMs)).toEqual(['a#2']);
  });

  it('is not handed over when a stop has come since', () => {
    say('s', 'QUEUED', { stop: true, epoch: 1, idempotent: true });
    expect(take(101)).toEqual(['s#1']);
    expect(told(desk.release(at(101)))).toEqual(['a#1']);
  });

  it.each<{ status: CommandStatus; more?: More }>([
    { status: 'SUPERSEDED' },
    { status: 'ACKED' },
    { status: 'SENT', more: { attempt: 2, instance: 'other' } },
    { status: 'QUEUED', more: { attempt: 1 } },
  ])('is ours no more when the log says $status', ({ status, more = {} }) => {
    say('a', status, more);
    expect([take(101), told(desk.release(at(101), true))]).toEqual([[], []]);
  });
});

describe('a stop', () => {
  it('goes at once, again while its robot is silent, and to a robot that knows of a newer one', () => {
    say('s', 'QUEUED', { stop: true, epoch: 1, idempotent: true });
    expect(desk.hasStopDue('r', at(0))).toBe(true);
    expect([claim(), take(), take(999), take(1000)]).toEqual([[], ['s#1'], [], ['s#2']]);
    say('t', 'QUEUED', { stop: true, epoch: 2, idempotent: true });
    expect(take(2000)).toEqual(['s#3', 't#1']);
    desk.giveBack(desk.take('r', at(3000)), at(3000), 300);
    expect([take(3299), take(3300)]).toEqual([[], ['s#5', 't#3']]);
  });
});

describe('what its robot does not answer', () => {
  it.each<{ status: CommandStatus; idempotent: boolean; again: string[] }>([
    { status: 'SENT', idempotent: true, again: ['a#2 again'] },
    { status: 'DELIVERED', idempotent: true, again: ['a#2 again'] },
    { status: 'DELIVERED', idempotent: false, again: [] },
    { status: 'ACKED', idempotent: true, again: [] },
    { status: 'SUCCEEDED', idempotent: true, again: [] },
  ])('and is $status is claimed again if it may be done twice ($idempotent)', ({ status, idempotent, again }) => {
    say('a', 'QUEUED', { idempotent });
    claim();
    grant('a', 1, { idempotent });
    take();
    say('a', status, { attempt: 1, instance: 'me', idempotent });
    expect([claim(999), claim(1000)]).toEqual([[], again]);
    if (again.length === 0) return;
    say('a', status, { attempt: 2, instance: 'me', idempotent });
    expect(take(1001)).toEqual(again);
  });

  it('waits as long when another instance had it', () => {
    say('a', 'SENT', { attempt: 3, instance: 'other', idempotent: true, at: 100 });
    expect([claim(1099), claim(1100)]).toEqual([[], ['a#4 again']]);
  });

  it('is asked about, by the attempt that it had, without a claim', () => {
    say('a', 'SENT', { attempt: 3, instance: 'other' });
    say('a', 'UNKNOWN', { attempt: 3, at: 10 });
    expect([take(999), take(1000), claim(9000)]).toEqual([[], ['a#3 again'], []]);
    say('a', 'ACCEPTED', { attempt: 3 });
    say('a', 'QUEUED', { attempt: 3 });
    expect(claim(1000)).toEqual(['a#4']);
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
