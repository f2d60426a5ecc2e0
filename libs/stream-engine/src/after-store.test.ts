import { silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from './engine-limits.ts';
import { type StoredStates } from './engine-options.ts';
import { createStreamEngine } from './stream-engine.ts';
import { MemoryProcess } from './testing/memory-process.ts';
import { MemoryWorld } from './testing/memory-world.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { decodeTally, type Tally, tallyFold } from './testing/tally-fold.ts';

/** Runs an engine over some records until they are all stored. */
async function run(afterStore: (stored: StoredStates<Tally>) => void): Promise<MemoryWorld> {
  const world = new MemoryWorld(new SeededRandom(1));
  for (const key of ['a', 'b', 'a']) world.append(key, JSON.stringify({ add: 1 }));
  const process = new MemoryProcess(world, new Map());
  const engine = createStreamEngine(
    {
      ...{ fold: tallyFold, decode: decodeTally, inputTopic: 'inputs', deadLetterTopic: 'dead', afterStore },
      ...{ ports: process.ports(), limits: defaultLimits, stateDir: '/state', allowStateLoss: false },
      ...{ log: silentLog, observe: () => undefined },
    },
    new Map(),
  );
  engine.assign([0]);
  while (world.committed !== world.log.length) await Promise.resolve();
  await engine.stop();
  return world;
}

describe('afterStore', () => {
  it('is told the changed states and the offset that they reflect', async () => {
    const told = new Map<string, number>();
    let reached = 0;
    const world = await run(({ partition, appliedOffset, changed }) => {
      expect(partition).toBe(0);
      expect(appliedOffset).toBeGreaterThan(reached);
      reached = appliedOffset;
      for (const { key, state } of changed) told.set(key, state.count);
    });
    expect([...told].sort()).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(reached).toBe(world.log.length);
  });

  it('may throw without harm', async () => {
    const world = await run(() => {
      throw new Error('told to fail');
    });
    expect(world.committed).toBe(3);
  });
});
