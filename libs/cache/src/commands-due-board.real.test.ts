import { randomUUID } from 'node:crypto';
import { silentLog } from '@fleetstream/kernel';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { type CommandsDueBoard, createCommandsDueBoard } from './commands-due-board.ts';
import { createIngestMemory, type IngestMemory } from './ingest-memory.ts';

const run = `due-${randomUUID()}`;
let board: CommandsDueBoard;
let memory: IngestMemory;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const url = inject('redisUrl');
  board = createCommandsDueBoard({ url, log: silentLog, timeoutMs: 10_000, ttlSeconds: 60 });
  memory = createIngestMemory({ url, log: silentLog, timeoutMs: 10_000 });
  stops.push(await board.start(), await memory.start());
  // Both connect on their own time.
  await vi.waitFor(
    async () => {
      expect(await board.publish([{ robotId: `${run}-none`, due: false }])).toBe(true);
      expect(await recall('none', true)).toBeDefined();
    },
    { timeout: 20_000, interval: 50 },
  );
});

afterAll(async () => {
  for (const stop of stops) await stop();
});

const recall = (robot: string, asksCommands: boolean) =>
  memory.recall({
    ...{ robotId: `${run}-${robot}`, fleet: run, asksCommands },
    ...{ events: [{ id: 'e', bootid: 'b', sequence: 1 }, { id: 'f' }], ranks: [2, 3] },
  });

it('tells pods that ask, in the answer that they get anyway, which robots have commands due', async () => {
  await board.publish([
    { robotId: `${run}-a`, due: true },
    { robotId: `${run}-b`, due: true },
  ]);
  await board.publish([{ robotId: `${run}-b`, due: false }]);
  expect(await recall('a', true)).toMatchObject({ commandsDue: true, folded: [], seen: [false, false] });
  expect(await recall('a', false)).toMatchObject({ commandsDue: false, folded: [] });
  expect(await recall('b', true)).toMatchObject({ commandsDue: false });
});

it('tells of more robots than one call may have', async () => {
  const robots = Array.from({ length: 2500 }, (_, n) => ({ robotId: `${run}-many-${n}`, due: true }));
  expect(await board.publish(robots)).toBe(true);
  expect(await recall('many-2499', true)).toMatchObject({ commandsDue: true });
});
