import { type LogReader } from '@fleetstream/kafka';
import { AppError, type Clock, type ErrorCode } from '@fleetstream/kernel';
import { type EnginePorts } from '../engine-ports.ts';
import { createMemoryCheckpoints } from './memory-checkpoints.ts';
import { emptyState, type MemoryDisk } from './memory-disk.ts';
import { createMemorySink } from './memory-sink.ts';
import { createMemoryStore } from './memory-store.ts';
import { type MemoryWorld } from './memory-world.ts';

/** How a process of the simulation ends and what goes wrong in it. */
export interface ProcessFate {
  /** The step at which it dies, counting everything it waits for; never when left out. */
  readonly diesAtStep?: number;
  /** How often something that may fail does. */
  readonly troubles?: number;
  /** It stands still for so many turns of the world at this step, as under a debugger. */
  readonly freeze?: { readonly atStep: number; readonly turns: number };
  readonly name?: string;
}

const never = () => new Promise<never>(() => undefined);

/** One process: the engine's ports onto a world and a disk, with its own troubles and death. */
export class MemoryProcess {
  readonly world: MemoryWorld;
  readonly disk: MemoryDisk;
  readonly name: string;
  /** Of the sink that it opened last. */
  epoch = 0;
  readonly #fate: ProcessFate;
  #frozenUntil = 0;
  #steps = 0;
  #killed = false;

  constructor(world: MemoryWorld, disk: MemoryDisk, fate: ProcessFate = {}) {
    this.world = world;
    this.disk = disk;
    this.name = fate.name ?? 'process';
    this.#fate = fate;
    world.owner = this;
  }

  get isDead(): boolean {
    return this.#killed || this.#steps >= (this.#fate.diesAtStep ?? Infinity);
  }

  kill(): void {
    if (!this.isDead) this.world.note(this.name, 'is killed');
    this.#killed = true;
  }

  /** Whether what it does now goes wrong. */
  isTroubled(): boolean {
    return this.world.random.chance(this.#fate.troubles ?? 0);
  }

  /**
   * One thing to wait for: others may go on meanwhile, and with `code` it may fail. A dead process waits for ever, a
   * frozen one for a while.
   */
  async step(what: string, code?: ErrorCode): Promise<void> {
    const { world } = this;
    const { random } = world;
    world.timeMs += random.between(0, 5);
    this.#steps += 1;
    if (this.#steps === this.#fate.freeze?.atStep) {
      this.#frozenUntil = world.turn + this.#fate.freeze.turns;
      world.note(this.name, `is frozen before: ${what}`);
    }
    for (let turns = random.between(1, 3); turns > 0; turns -= 1) await Promise.resolve();
    while (world.turn < this.#frozenUntil && !this.isDead) await Promise.resolve();
    if (this.isDead) await never();
    if (world.strays.length > 0 && random.chance(0.1)) world.deliverStray();
    world.note(this.name, what);
    if (code !== undefined && this.isTroubled()) {
      world.note(this.name, `fails with ${code}`);
      throw new AppError(code, 'trouble');
    }
  }

  ports(): EnginePorts {
    const { world, disk } = this;
    return {
      source: {
        offsets: async () => {
          await this.step('asks for the ends of the log', 'FS_BROKER_UNAVAILABLE');
          return { start: world.logStart, end: world.log.length };
        },
        read: (_partition, fromOffset) => this.#createReader(fromOffset),
      },
      createSink: () => createMemorySink(this),
      openStore: async ({ dir, ifMissing }) => {
        await this.step(`opens ${dir}`, 'FS_STATE_UNAVAILABLE');
        const stored = disk.get(dir);
        if (stored === undefined && ifMissing === 'fail') throw new AppError('FS_STATE_DAMAGED', `nothing in ${dir}`);
        if (stored === undefined) disk.set(dir, emptyState);
        return createMemoryStore(this, dir);
      },
      files: {
        exists: async (dir) => {
          await this.step(`looks for ${dir}`);
          return disk.has(dir);
        },
        destroy: async (dir) => {
          await this.step(`deletes ${dir}`);
          for (const path of [...disk.keys()]) if (path.startsWith(dir)) disk.delete(path);
        },
      },
      checkpoints: createMemoryCheckpoints(this),
      ticks: {
        tick: async () => {
          await this.step('appends a tick', 'FS_BROKER_UNAVAILABLE');
          world.append('tick', 'tick');
          // Appended, and nobody heard of it.
          await this.step('appended a tick', 'FS_BROKER_UNAVAILABLE');
        },
      },
      clock: this.#createClock(),
      sleep: async (delayMs) => {
        world.timeMs += delayMs;
        await this.step(`slept ${delayMs} ms`);
      },
      ownershipConfirmed: async () => {
        await this.step('waits for the group');
        while (world.owner !== this) {
          if (this.isDead) await never();
          await Promise.resolve();
        }
      },
    };
  }

  #createClock(): Clock {
    return { nowMs: () => this.world.timeMs, monotonicMs: () => this.world.timeMs };
  }

  #createReader(fromOffset: number): LogReader {
    const { world } = this;
    let next = fromOffset;
    let closed = false;
    return {
      get endOffset() {
        return world.log.length;
      },
      next: async (waitMs) => {
        await this.step(`reads from ${next}`, 'FS_BROKER_UNAVAILABLE');
        if (closed) return undefined;
        if (next < world.logStart) throw new AppError('FS_LOG_TRUNCATED', `the log begins at ${world.logStart}`);
        if (next >= world.log.length) {
          world.timeMs += waitMs;
          return undefined;
        }
        const records = world.log.slice(next, next + world.random.between(1, 12));
        next += records.length;
        return { records, nextOffset: next, endOffset: world.log.length };
      },
      close: () => {
        closed = true;
      },
    };
  }
}
