import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type EngineEvent } from './engine-event.ts';
import { createStreamEngine, type StreamEngine } from './stream-engine.ts';
import { foldPlainly } from './testing/fold-plainly.ts';
import { type MemoryDisk } from './testing/memory-disk.ts';
import { MemoryProcess, type ProcessFate } from './testing/memory-process.ts';
import { MemoryWorld } from './testing/memory-world.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { simulationLimits } from './testing/simulate-lives.ts';
import { decodeTally, tallyFold } from './testing/tally-fold.ts';

const seeds = 250;

interface Instance {
  readonly process: MemoryProcess;
  readonly engine: StreamEngine;
  readonly disk: MemoryDisk;
}

function start(
  world: MemoryWorld,
  disk: MemoryDisk,
  fate: ProcessFate,
  events: EngineEvent[],
  committed = () => world.committed,
): Instance {
  const process = new MemoryProcess(world, disk, fate);
  const engine = createStreamEngine(
    {
      ...{ fold: tallyFold, decode: decodeTally, ports: process.ports(), limits: simulationLimits, log: silentLog },
      ...{ inputTopic: 'inputs', deadLetterTopic: 'dead', stateDir: '/state', allowStateLoss: false },
      observe: (event) => events.push(event),
      standby: {
        committedOffset: async () => {
          await process.step('asks what is committed', 'FS_BROKER_UNAVAILABLE');
          return committed();
        },
        pollMs: 5,
        warmRecords: 10,
      },
    },
    new Map(),
  );
  return { process, engine, disk };
}

function appendSome(world: MemoryWorld, random: SeededRandom, count: number): void {
  for (let index = 0; index < count; index += 1) {
    world.timeMs += random.between(0, 15);
    const arm = random.chance(0.35) ? { armMs: random.between(5, 300) } : {};
    const fail = random.chance(0.03) ? { fail: true } : random.chance(0.03) ? { end: true } : {};
    world.append(`robot-${random.between(1, 6)}`, JSON.stringify({ add: random.between(0, 9), ...arm, ...fail }));
  }
}

async function turns(world: MemoryWorld, count: number, done: () => boolean = () => false): Promise<boolean> {
  for (let turn = 0; turn < count; turn += 1) {
    if (done()) return true;
    world.turn += 1;
    await Promise.resolve();
  }
  return done();
}

/** Owner and copy side by side; the owner ends in one way or another, the copy becomes the owner, another copy comes. */
async function live(seed: number, events: EngineEvent[]): Promise<{ world: MemoryWorld; last: Instance }> {
  const random = new SeededRandom(seed);
  const world = new MemoryWorld(random, {});
  const all: Instance[] = [];
  const begin = (disk: MemoryDisk) => {
    const instance = start(world, disk, { troubles: 0.02 }, events);
    all.push(instance);
    return instance;
  };
  appendSome(world, random, random.between(1, 60));
  let owner = begin(new Map());
  owner.engine.assign([0]);
  for (let generation = random.between(1, 5); generation > 0; generation -= 1) {
    const disk: MemoryDisk = new Map(random.chance(0.5) ? [] : [...owner.disk]);
    const copy = begin(disk);
    copy.engine.assign([], [0]);
    world.owner = owner.process;
    await turns(world, random.between(0, 1500));
    appendSome(world, random, random.between(0, 40));
    await turns(world, random.between(0, 1500));
    // Killed, or told to hand over, or cut off from the group and not knowing it yet.
    const fate = (['killed', 'killed', 'hands over', 'zombie'] as const)[random.between(0, 3)];
    if (fate === 'killed') owner.process.kill();
    world.owner = copy.process;
    copy.engine.assign([0]);
    if (fate === 'hands over') owner.engine.assign([], random.chance(0.5) ? [0] : []);
    owner = copy;
  }
  const isDone = () => {
    const status = owner.engine.statuses()[0];
    return status?.phase === 'running' && status.committedOffset >= world.log.length;
  };
  await turns(world, 30_000, isDone);
  for (const { process } of all) if (process !== owner.process) process.kill();
  expect(await turns(world, 60_000, isDone), `seed ${seed}: it got nowhere`).toBe(true);
  let stopped = false;
  void owner.engine.stop().then(() => (stopped = true));
  await turns(world, 60_000, () => stopped);
  owner.process.kill();
  return { world, last: owner };
}

describe('a copy that becomes the partition', () => {
  it(`goes on from where its owner was, nothing lost and nothing twice (${seeds} seeds)`, async () => {
    const opened = new Map<string, number>();
    for (let seed = 1; seed <= seeds; seed += 1) {
      const events: EngineEvent[] = [];
      const { world, last } = await live(seed, events);
      for (const event of events) {
        if (event.kind === 'opened') opened.set(event.openedFrom, (opened.get(event.openedFrom) ?? 0) + 1);
      }
      const expected = foldPlainly(world.log.slice(0, world.committed));
      const stored = last.disk.get('/state/0/state');
      const states = [...(stored?.states ?? [])].map(([key, value]): [string, string] => [
        key,
        value.toString('utf8', 1),
      ]);
      expect([...world.violations], `seed ${seed}`).toEqual([]);
      expect(world.outputs.map(({ value }) => String(value)).sort(), `seed ${seed}`).toEqual(
        [...expected.outputs].sort(),
      );
      // The last batch may have met a disk that refused it; what is stored must be exact up to where it says.
      const applied = foldPlainly(world.log.slice(0, stored?.appliedOffset ?? 0));
      expect(new Map(states), `seed ${seed}`).toEqual(applied.states);
      const ahead = events.filter((event) => event.kind === 'localStateDiscarded' && event.reason === 'ahead');
      expect(ahead, `seed ${seed}: a copy went further than its owner had committed`).toEqual([]);
    }
    expect(opened.get('standby')).toBeGreaterThan(seeds);
  }, 60_000);

  it('says that it is warm each time that it becomes so, not each time that its owner is a little ahead', async () => {
    const random = new SeededRandom(1);
    const world = new MemoryWorld(random, {});
    const events: EngineEvent[] = [];
    let committed = 5;
    const copy = start(world, new Map(), {}, events, () => committed);
    world.owner = copy.process;
    appendSome(world, random, 500);
    copy.engine.assign([], [0]);
    const isAt = (offset: number) => () => copy.engine.standbys()[0]?.foldedOffset === offset;
    const timesWarm = () => events.filter(({ kind }) => kind === 'standbyWarm').length;
    for (const [offset, times] of [
      [5, 1],
      [35, 1],
      [500, 2],
    ] as const) {
      committed = offset;
      await turns(world, 20_000, isAt(offset));
      await turns(world, 1000);
      expect({ offset: copy.engine.standbys()[0]?.foldedOffset, times: timesWarm() }).toEqual({ offset, times });
    }
    copy.process.kill();
  });
});
