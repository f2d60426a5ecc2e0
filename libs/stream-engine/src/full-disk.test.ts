import { AppError, silentLog } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { type EngineEvent } from './engine-event.ts';
import { defaultLimits } from './engine-limits.ts';
import { type EnginePorts } from './engine-ports.ts';
import { createStreamEngine } from './stream-engine.ts';
import { foldPlainly } from './testing/fold-plainly.ts';
import { type MemoryDisk } from './testing/memory-disk.ts';
import { MemoryProcess } from './testing/memory-process.ts';
import { MemoryWorld } from './testing/memory-world.ts';
import { SeededRandom } from './testing/seeded-random.ts';
import { decodeTally, tallyFold } from './testing/tally-fold.ts';

const maxTurns = 200_000;

/** The ports of a process whose disk takes no writes while `isFull`. */
function onDisk(ports: EnginePorts, isFull: () => boolean): EnginePorts {
  return {
    ...ports,
    openStore: async (options) => {
      const store = await ports.openStore(options);
      const write = store.write.bind(store);
      store.write = async (batch) => {
        if (isFull()) throw new AppError('FS_STATE_UNAVAILABLE', "Can't write: IO error: No space left on device");
        await write(batch);
      };
      return store;
    },
  };
}

async function turnsUntil(done: () => boolean): Promise<void> {
  for (let turn = 0; !done(); turn += 1) {
    if (turn > maxTurns) throw new Error('the engine got nowhere');
    await Promise.resolve();
  }
}

describe('a full disk', () => {
  it('stops folding when too much waits, keeps what was committed, and goes on by itself once there is room', async () => {
    const world = new MemoryWorld(new SeededRandom(1));
    const disk: MemoryDisk = new Map();
    const process = new MemoryProcess(world, disk);
    const events: EngineEvent[] = [];
    let full = true;
    for (let index = 0; index < 200; index += 1) world.append(`robot-${index % 50}`, JSON.stringify({ add: 1 }));
    const limits = { ...defaultLimits, commitIntervalMs: 20, stateIntervalMs: 60, maxDirtyEntries: 10 };
    const engine = createStreamEngine(
      {
        ...{ fold: tallyFold, decode: decodeTally, inputTopic: 'inputs', deadLetterTopic: 'dead', limits },
        ...{ ports: onDisk(process.ports(), () => full), stateDir: '/state', allowStateLoss: false },
        ...{ log: silentLog, observe: (event) => events.push(event) },
      },
      new Map(),
    );
    engine.assign([0]);
    const status = () => engine.statuses()[0];
    await turnsUntil(() => status()?.phase === 'stalled');
    const stalledAt = world.committed ?? 0;
    expect(stalledAt).toBeGreaterThan(0);
    expect(stalledAt).toBeLessThan(world.log.length);
    const refusals = () => events.filter(({ kind }) => kind === 'stateNotWritten').length;
    const refused = refusals();
    await turnsUntil(() => refusals() > refused + 2);
    expect([status()?.phase, world.committed]).toEqual(['stalled', stalledAt]);
    full = false;
    await turnsUntil(() => status()?.phase === 'running' && world.committed === world.log.length);
    await engine.stop();
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'opened' || kind === 'stalled' || kind === 'resumed')).toEqual([
      'opened',
      'stalled',
      'resumed',
    ]);
    const expected = foldPlainly(world.log);
    const stored = [...(disk.get('/state/0/state')?.states ?? [])];
    expect(new Map(stored.map(([key, value]) => [key, value.toString('utf8', 1)]))).toEqual(expected.states);
    expect(world.outputs.map(({ value }) => String(value)).sort()).toEqual(expected.outputs.sort());
  });
});
