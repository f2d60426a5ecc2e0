import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type EngineEvent } from './engine-event.ts';
import { defaultLimits } from './engine-limits.ts';
import { createStreamEngine, type StreamEngine } from './stream-engine.ts';
import { toStateValue } from './state-value.ts';
import { foldPlainly } from './testing/fold-plainly.ts';
import { type MemoryDisk, MemoryProcess, MemoryWorld } from './testing/memory-world.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { decodeTally, tallyFold } from './testing/tally-fold.ts';

const seeds = 1500;
const maxTurns = 100_000;

/** Small limits, so that everything happens often. */
const limits = {
  ...defaultLimits,
  commitIntervalMs: 20,
  maxTransactionRecords: 25,
  stateIntervalMs: 60,
  checkpointIntervalMs: 150,
  tickIntervalMs: 30,
  cacheEntries: 3,
  farBehindRecords: 40,
  firstRetryMs: 5,
  maxRetryMs: 50,
};

function startEngine(process: MemoryProcess, events: EngineEvent[]): StreamEngine {
  const engine = createStreamEngine(
    {
      fold: tallyFold,
      decode: decodeTally,
      inputTopic: 'inputs',
      deadLetterTopic: 'dead',
      ports: process.ports(),
      limits,
      stateDir: '/state',
      allowStateLoss: false,
      log: silentLog,
      observe: (event) => events.push(event),
    },
    new Map(),
  );
  engine.assign([0]);
  return engine;
}

function appendSome(world: MemoryWorld, count: number): void {
  const { random } = world;
  for (let index = 0; index < count; index += 1) {
    world.timeMs += random.between(0, 15);
    const key = `robot-${random.between(1, 6)}`;
    if (random.chance(0.04)) world.append(key, 'not an event');
    else {
      const armMs = random.chance(0.5) ? random.between(5, 40) : random.between(100, 300);
      const arm = random.chance(0.35) ? { armMs } : {};
      const fail = random.chance(0.03) ? { fail: true } : random.chance(0.03) ? { end: true } : {};
      world.append(key, JSON.stringify({ add: random.between(0, 9), ...arm, ...fail }));
    }
  }
}

async function turnsUntil(done: () => boolean, seed: number): Promise<void> {
  for (let turn = 0; turn < maxTurns; turn += 1) {
    if (done()) return;
    await Promise.resolve();
  }
  throw new Error(`seed ${seed}: the engine got nowhere`);
}

/** A life of a partition over several processes: some die, some only lose the partition, disks and checkpoints go. */
async function live(seed: number): Promise<{ world: MemoryWorld; disk: MemoryDisk; events: EngineEvent[] }> {
  const random = new SeededRandom(seed);
  const world = new MemoryWorld(random);
  const events: EngineEvent[] = [];
  const processes: MemoryProcess[] = [];
  let disk: MemoryDisk = new Map();
  appendSome(world, random.between(1, 60));
  for (let generation = random.between(1, 6); generation > 0; generation -= 1) {
    if (random.chance(0.3)) disk = new Map();
    for (const checkpoint of world.checkpoints) checkpoint.damaged ||= random.chance(0.2);
    const steps = random.between(1, 400);
    // A zombie is not killed: it goes on beside its successor, on a disk of its own, until it is fenced.
    const zombie = random.chance(0.25);
    const fate = zombie ? { troubles: 0.02 } : { diesAtStep: steps, troubles: 0.02 };
    const process = new MemoryProcess(world, disk, fate);
    processes.push(process);
    startEngine(process, events);
    let turns = steps * 2;
    await turnsUntil(() => process.isDead || turns-- <= 0, seed);
    if (zombie) disk = new Map();
    appendSome(world, random.between(0, 40));
    // A process that was not told to die, and no zombie either, would hold the disk that the next one opens.
    if (!zombie) await turnsUntil(() => process.isDead, seed);
  }
  const last = new MemoryProcess(world, disk);
  const engine = startEngine(last, events);
  const isDone = () => {
    const status = engine.statuses()[0];
    return status?.phase === 'running' && status.committedOffset >= world.log.length;
  };
  await turnsUntil(isDone, seed);
  // What still runs would never end, and these promises leave no room for anything else.
  for (const process of processes) process.kill();
  await turnsUntil(isDone, seed);
  await engine.stop();
  return { world, disk, events };
}

describe('an engine that dies at any step', () => {
  it(`comes to the same states and outputs as a plain fold (${seeds} seeds)`, async () => {
    const rungs = new Set<string>();
    for (let seed = 1; seed <= seeds; seed += 1) {
      const { world, disk, events } = await live(seed);
      for (const event of events) if (event.kind === 'opened') rungs.add(event.openedFrom);
      const expected = foldPlainly(world.log.slice(0, world.committed));
      const stored = disk.get('/state/0/state');
      const states = [...(stored?.states ?? [])].map(([key, value]) => [key, value.toString('utf8', 1)]);
      const ahead = events.filter((event) => event.kind === 'localStateDiscarded' && event.reason === 'ahead');
      expect(ahead, `seed ${seed}: a state was stored before its offset was committed`).toEqual([]);
      expect(world.wentBack, `seed ${seed}: an offset went back`).toBe(false);
      expect(world.outputs.map(({ value }) => String(value)).sort(), `seed ${seed}`).toEqual(expected.outputs.sort());
      expect(stored?.appliedOffset, `seed ${seed}`).toBe(world.committed);
      expect(new Map(states as [string, string][]), `seed ${seed}`).toEqual(expected.states);
    }
    expect([...rungs].sort()).toEqual(['checkpoint', 'local', 'log']);
  }, 60_000);

  it('goes on with the log time that it had reached, though the next record was stamped earlier', async () => {
    const world = new MemoryWorld(new SeededRandom(1));
    for (const timeMs of [500, 100]) {
      world.timeMs = timeMs;
      world.append('b', JSON.stringify({ add: 1 }));
    }
    world.log.forEach((record, offset) => {
      world.log[offset] = { ...record, timestampMs: offset === 0 ? 500 : 100 };
    });
    world.committed = 1;
    const due = { count: 1, sum: 1, lastMs: 440, fired: 0, dueMs: 450 };
    const states = new Map([['a', toStateValue(1, tallyFold.encodeState(due))]]);
    const disk: MemoryDisk = new Map([
      [
        '/state/0/state',
        { states, timers: new Map([['a', 450]]), rows: new Map(), indexVersion: 0, appliedOffset: 1, logTimeMs: 500 },
      ],
    ]);
    const process = new MemoryProcess(world, disk);
    const engine = startEngine(process, []);
    await turnsUntil(() => world.committed === 2, 0);
    await engine.stop();
    expect(world.outputs.map(({ value }) => String(value))).toContain('{"id":"a@450-0","number":1}');
  });
});
