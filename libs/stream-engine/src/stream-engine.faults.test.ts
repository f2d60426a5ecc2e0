import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { createStreamEngine, type StreamEngine } from './stream-engine.ts';
import { toStateValue } from './state-value.ts';
import { emptyState, type MemoryDisk } from './testing/memory-disk.ts';
import { MemoryProcess } from './testing/memory-process.ts';
import { MemoryWorld } from './testing/memory-world.ts';
import { plantedBugs } from './testing/planted-bugs.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { simulateLives, simulationLimits } from './testing/simulate-lives.ts';
import { decodeTally, tallyFold } from './testing/tally-fold.ts';

const seeds = 500;
const plantedSeedsMax = 1000;

function startEngine(process: MemoryProcess): StreamEngine {
  const engine = createStreamEngine(
    {
      ...{ fold: tallyFold, decode: decodeTally, ports: process.ports(), limits: simulationLimits, log: silentLog },
      ...{ inputTopic: 'inputs', deadLetterTopic: 'dead', stateDir: '/state', allowStateLoss: false },
      observe: () => undefined,
    },
    new Map(),
  );
  engine.assign([0]);
  return engine;
}

async function turnsUntil(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000 && !done(); turn += 1) await Promise.resolve();
}

describe('an engine that dies at any step', () => {
  it(`comes to the same states and outputs as a plain fold (${seeds} seeds)`, async () => {
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= seeds; seed += 1) {
      const lives = await simulateLives({ seed });
      for (const [what, count] of lives.counts) counts.set(what, (counts.get(what) ?? 0) + count);
      // The trace of a seed: npm run faults -- simulate --rounds 1 --seed N
      expect(lives.violations, `seed ${seed}`).toEqual([]);
    }
    for (const rung of ['local', 'checkpoint', 'log']) expect(counts.get(`opened from ${rung}`)).toBeGreaterThan(100);
    for (const fate of ['dies', 'zombie', 'frozen', 'handsOver']) expect(counts.get(fate)).toBeGreaterThan(100);
  }, 60_000);

  it('is the same for the same seed, turn by turn', async () => {
    const [first, second] = [
      await simulateLives({ seed: 7, traced: true }),
      await simulateLives({ seed: 7, traced: true }),
    ];
    expect(first.trace).toEqual(second.trace);
    expect(first.trace.length).toBeGreaterThan(100);
  });

  it.each(plantedBugs)('would be found out: $name', async (bug) => {
    for (let seed = 1; seed <= plantedSeedsMax; seed += 1) {
      if ((await simulateLives({ seed, bug })).violations.length > 0) return;
    }
    expect.fail(`${plantedSeedsMax} seeds did not find it: ${bug.summary}`);
  });

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
        { ...emptyState, states, timers: [{ key: 'a', dueMs: 450 }], appliedOffset: 1, logTimeMs: 500 },
      ],
    ]);
    const process = new MemoryProcess(world, disk);
    const engine = startEngine(process);
    await turnsUntil(() => world.committed === 2);
    await engine.stop();
    expect(world.outputs.map(({ value }) => String(value))).toContain('{"id":"a@450-0","number":1}');
  });
});
