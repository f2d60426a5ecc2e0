import { type RobotDue } from '@fleetstream/cache';
import { type CommandStatus } from '@fleetstream/contracts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type CommandsDue, createCommandsDue } from './commands-due.ts';
import { CommandBook } from './domain/command-book.ts';
import { DeliveryDesk } from './domain/delivery-desk.ts';

const told: string[] = [];
const board = {
  name: 'board',
  start: () => Promise.resolve(() => Promise.resolve()),
  publish: (robots: readonly RobotDue[]) => {
    if (!works) return Promise.resolve(false);
    told.push(...robots.map(({ robotId, due: isDue }) => `${robotId} ${isDue ? 'due' : 'none'}`));
    return Promise.resolve(true);
  },
};
let works: boolean;
let caughtUp: boolean;
let book: CommandBook;
let due: CommandsDue;
let stop: () => Promise<void>;

beforeEach(async () => {
  vi.useFakeTimers();
  told.length = 0;
  [works, caughtUp] = [true, true];
  book = new CommandBook({ finishedMax: 9, openMax: 9 });
  const desk = new DeliveryDesk({ book, instance: 'me', reofferMs: 1000, mayDeliver: () => true });
  const clock = { nowMs: () => 5, monotonicMs: () => 5 };
  due = createCommandsDue({ board, book, desk, clock, caughtUp: () => caughtUp });
  stop = await due.start();
});

afterEach(async () => {
  await stop();
  vi.useRealTimers();
});

async function say(robotId: string, status: CommandStatus): Promise<void> {
  const more = { action: 'move', requestedAtMs: 1, expiresAtMs: 9000, atMs: 1, deliver: false, ask: false };
  book.apply({ commandId: `of-${robotId}`, robotId, status, ...more });
  due.note(robotId);
  await vi.advanceTimersByTimeAsync(0);
}

it('tells when something becomes due and when nothing is any more, and says nothing of others', async () => {
  await say('a', 'ACCEPTED');
  await say('a', 'QUEUED');
  await say('b', 'QUEUED');
  await say('a', 'SENT');
  await say('a', 'DELIVERED');
  expect(told).toEqual(['a due', 'b due', 'a none']);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told.slice(3)).toEqual(['b due']);
});

it('says it again when Redis did not take it', async () => {
  works = false;
  await say('a', 'QUEUED');
  await say('a', 'SENT');
  works = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(['a none']);
});

it('tells nothing while history is read', async () => {
  caughtUp = false;
  await say('a', 'QUEUED');
  expect(told).toEqual([]);
  caughtUp = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(['a due']);
});
