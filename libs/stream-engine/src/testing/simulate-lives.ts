import { silentLog } from '@fleetstream/kernel';
import { type EngineEvent } from '../engine-event.ts';
import { defaultLimits, type EngineLimits } from '../engine-limits.ts';
import { type StreamEngineOptions } from '../engine-options.ts';
import { createStreamEngine, type StreamEngine } from '../stream-engine.ts';
import { foldPlainly } from './fold-plainly.ts';
import { type MemoryDisk } from './memory-disk.ts';
import { MemoryProcess, type ProcessFate } from './memory-process.ts';
import { MemoryWorld } from './memory-world.ts';
import { type PlantedBug } from './planted-bugs.ts';
import { SeededRandom } from './seeded-random.ts';
import { decodeTally, type Tally, tallyFold, type TallyInput } from './tally-fold.ts';

/** Small limits, so that everything happens often. */
export const simulationLimits: EngineLimits = {
  ...defaultLimits,
  commitIntervalMs: 20,
  maxTransactionRecords: 25,
  stateIntervalMs: 60,
  checkpointIntervalMs: 150,
  tickIntervalMs: 30,
  cacheEntries: 3,
  timerWindow: 1,
  farBehindRecords: 40,
  firstRetryMs: 5,
  maxRetryMs: 50,
};

export interface SimulatedLives {
  /** What must not happen and did; empty when all was right. */
  readonly violations: readonly string[];
  /** What a partition was opened from, and other things to count. */
  readonly counts: ReadonlyMap<string, number>;
  readonly records: number;
  readonly trace: readonly string[];
}

export interface SimulationOptions {
  readonly seed: number;
  readonly bug?: PlantedBug;
  /** Keeps what every process did, in order. */
  readonly traced?: boolean;
}

const maxTurns = 60_000;
const troubles = 0.02;
const refusalsMax = 3;

/**
 * A partition's life over several processes on worlds in memory: some die at any step, some are frozen and go on as
 * zombies, some lose the partition to another and get it back; disks are lost, checkpoints damaged, the log is
 * truncated; every call may fail. Everything follows from the seed. In the end states, outputs and offsets must be those
 * of a plain fold.
 */
export async function simulateLives({ seed, bug, traced = false }: SimulationOptions): Promise<SimulatedLives> {
  const lives = new Lives(seed, bug, traced);
  try {
    await lives.run();
  } finally {
    lives.end();
  }
  return lives.result();
}

class Lives {
  readonly #random: SeededRandom;
  readonly #world: MemoryWorld;
  readonly #bug: PlantedBug | undefined;
  readonly #counts = new Map<string, number>();
  readonly #sequences = new Map<string, number>();
  readonly #running: { readonly process: MemoryProcess; readonly engine: StreamEngine }[] = [];
  #generation = 0;
  /** How often the last process has refused to open a partition whose past is lost. */
  #refusals = 0;

  constructor(seed: number, bug: PlantedBug | undefined, traced: boolean) {
    this.#random = new SeededRandom(seed);
    this.#world = new MemoryWorld(this.#random, { ...(bug?.rules && { rules: bug.rules }), traced });
    this.#bug = bug;
  }

  result(): SimulatedLives {
    const { violations, log, trace = [] } = this.#world;
    return { violations: [...violations], counts: this.#counts, records: log.length, trace };
  }

  /** What still runs would never end, and its promises would leave no room for anything else. */
  end(): void {
    for (const { process } of this.#running) process.kill();
  }

  async run(): Promise<void> {
    const random = this.#random;
    let disk = newDisk();
    this.#appendSome(random.between(1, 60));
    for (let generations = random.between(1, 6); generations > 0; generations -= 1) {
      disk = await this.#liveOnce(disk);
      if (this.#world.violations.size > 0) return;
    }
    await this.#finish(disk);
  }

  /** One process as the partition's owner, until it dies or another one is to take over. @returns the next one's disk */
  async #liveOnce(given: MemoryDisk): Promise<MemoryDisk> {
    const random = this.#random;
    const disk = random.chance(0.3) ? newDisk() : given;
    this.#damageSome();
    this.#truncateLog();
    const steps = random.between(1, 400);
    // A zombie is not killed: it goes on beside its successor, on a disk of its own, until it is fenced.
    const kind = (['dies', 'dies', 'zombie', 'frozen', 'handsOver'] as const)[random.between(0, 4)] ?? 'dies';
    this.#count(kind);
    const freeze = { atStep: steps, turns: random.between(50, 1500) };
    const { process, engine } = this.#start(disk, {
      troubles,
      ...(kind === 'dies' ? { diesAtStep: steps } : {}),
      ...(kind === 'frozen' ? { freeze } : {}),
    });
    let turns = steps * 3;
    await this.#turnsUntil(() => process.isDead || turns-- <= 0);
    this.#appendSome(random.between(0, 40));
    if (kind === 'dies') {
      await this.#turnsUntil(() => process.isDead);
      return disk;
    }
    // The group tells it that the partition is another's; it commits, stores and closes beside its successor.
    if (kind === 'handsOver') engine.assign([]);
    return newDisk();
  }

  async #finish(disk: MemoryDisk): Promise<void> {
    const world = this.#world;
    const { process, engine } = this.#start(disk, {});
    const isDone = () => {
      const status = engine.statuses()[0];
      return status?.phase === 'running' && status.committedOffset >= world.log.length;
    };
    this.#refusals = 0;
    await this.#turnsUntil(() => isDone() || this.#refusals >= refusalsMax);
    if (this.#refusals >= refusalsMax) {
      // Damage can reach every checkpoint, for what is there already is not uploaded again: then the refusal is right.
      if (this.#newestWhole() >= world.logStart) world.violations.add('a log that a checkpoint reaches was refused');
      this.#count('refused loudly');
      return;
    }
    // The others would go on beside it for ever.
    for (const { process: other } of this.#running) if (other !== process) other.kill();
    await this.#turnsUntil(isDone);
    if (world.violations.size > 0) return;
    let stopped = false;
    void engine.stop().then(() => (stopped = true));
    await this.#turnsUntil(() => stopped);
    this.#compare(disk);
  }

  #compare(disk: MemoryDisk): void {
    const world = this.#world;
    const expected = foldPlainly(world.log.slice(0, world.committed));
    const stored = disk.get('/state/0/state');
    const states = [...(stored?.states ?? [])].map(([key, value]) => `${key} ${value.toString('utf8', 1)}`);
    const expectedStates = [...expected.states].map(([key, state]) => `${key} ${state}`);
    this.#hold('state', expectedStates, states);
    this.#hold(
      'output',
      expected.outputs,
      world.outputs.map(({ value }) => String(value)),
    );
    if (stored?.appliedOffset !== world.committed) {
      world.violations.add(`stored up to ${stored?.appliedOffset ?? 'nothing'}, committed up to ${world.committed}`);
    }
  }

  #hold(what: string, expected: readonly string[], found: readonly string[]): void {
    const left = [...found].sort();
    const wanted = [...expected].sort();
    if (left.length === wanted.length && left.every((text, index) => text === wanted[index])) return;
    const missing = wanted.find((text, index) => text !== left[index]) ?? left[wanted.length] ?? '';
    const example = `${wanted.length} wanted, ${left.length} found, about ${missing}`;
    this.#world.violations.add(`${what}s are not those of a plain fold: ${example}`);
  }

  #start(disk: MemoryDisk, fate: ProcessFate): { process: MemoryProcess; engine: StreamEngine } {
    const process = new MemoryProcess(this.#world, disk, { ...fate, name: `p${++this.#generation}` });
    const ports = process.ports();
    const options: StreamEngineOptions<Tally, TallyInput> = {
      ...{ fold: tallyFold, decode: decodeTally, ports, limits: simulationLimits, log: silentLog },
      ...{ inputTopic: 'inputs', deadLetterTopic: 'dead', stateDir: '/state', allowStateLoss: false },
      observe: (event) => {
        this.#observe(process, event);
      },
    };
    const engine = createStreamEngine(this.#bug?.plant?.(options) ?? options, new Map());
    engine.assign([0]);
    this.#running.push({ process, engine });
    return { process, engine };
  }

  #observe(process: MemoryProcess, event: EngineEvent): void {
    const world = this.#world;
    if (event.kind === 'opened') {
      this.#count(`opened from ${event.openedFrom}`);
      if (event.refoldRecords > 0) this.#count('refolded');
      world.note(process.name, `opened from ${event.openedFrom}, to refold ${event.refoldRecords}`);
    } else if (event.kind === 'localStateDiscarded') {
      // Nothing here takes back what was committed.
      if (event.reason === 'ahead') world.violations.add('a state was stored before its offset was committed');
    } else if (event.kind === 'checkpointSkipped') {
      this.#count(`skipped: ${event.reason}`);
      // One who was frozen since it asked what is committed may meet its successor's, and is fenced soon.
      if (event.reason === 'other-log' && process.epoch === world.epoch) {
        world.violations.add('a checkpoint stands past what is committed');
      }
    } else if (event.kind === 'failed') {
      this.#count(`failed: ${event.code}`);
      if (event.code === 'FS_LOG_TRUNCATED') this.#refusals += 1;
    }
  }

  /** Bit rot, but never of all that the log could not replace. */
  #damageSome(): void {
    const world = this.#world;
    for (const object of world.objects.values()) {
      if (object.damaged || !this.#random.chance(0.06)) continue;
      object.damaged = true;
      if (world.logStart > 0 && this.#newestWhole() < world.logStart) object.damaged = false;
      else this.#count('objects damaged');
    }
  }

  /** Retention takes what the newest whole checkpoint doesn't need. */
  #truncateLog(): void {
    const world = this.#world;
    if (!this.#random.chance(0.1)) return;
    const start = Math.min(this.#newestWhole(), world.committed ?? 0);
    if (start <= world.logStart) return;
    world.logStart = start;
    this.#count('log truncated');
  }

  /** The offset of the newest checkpoint that could be restored; 0 without one. */
  #newestWhole(): number {
    const world = this.#world;
    return [...world.manifests.values()].reduce((newest, { manifest }) => {
      const whole = manifest.files.every(({ sha256 }) => world.objects.get(sha256)?.damaged === false);
      return whole ? Math.max(newest, manifest.appliedOffset) : newest;
    }, 0);
  }

  #appendSome(count: number): void {
    const world = this.#world;
    const random = this.#random;
    for (let index = 0; index < count; index += 1) {
      world.timeMs += random.between(0, 15);
      const key = `robot-${random.between(1, 6)}`;
      if (random.chance(0.04)) {
        world.append(key, 'not an event');
        continue;
      }
      const armMs = random.chance(0.5) ? random.between(5, 40) : random.between(100, 300);
      const arm = random.chance(0.35) ? { armMs } : {};
      const fail = random.chance(0.03) ? { fail: true } : random.chance(0.03) ? { end: true } : failTimers(random);
      const seq = (this.#sequences.get(key) ?? 0) + 1;
      this.#sequences.set(key, seq);
      // A fold that knows every repetition would hide an engine that folds twice.
      const isKnown = random.chance(0.3);
      const text = JSON.stringify({ add: random.between(0, 9), ...(isKnown ? { seq } : {}), ...arm, ...fail });
      world.append(key, text);
      // Sent again by a robot that heard no answer.
      if (isKnown && random.chance(0.3)) world.append(key, text);
    }
  }

  /** Lets everything go on, a turn of the world for each turn of the promises. */
  async #turnsUntil(done: () => boolean): Promise<void> {
    const world = this.#world;
    for (let turn = 0; turn < maxTurns; turn += 1) {
      if (world.violations.size > 0 || done()) return;
      world.turn += 1;
      if (this.#random.chance(0.002)) this.#collect();
      await Promise.resolve();
    }
    world.violations.add('the engine got nowhere');
  }

  #collect(): void {
    const living = this.#running.filter(({ process }) => !process.isDead);
    const { process } = living[this.#random.between(0, Math.max(0, living.length - 1))] ?? {};
    this.#count('collections');
    void process
      ?.ports()
      .checkpoints.collectGarbage()
      .catch(() => undefined);
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }
}

function newDisk(): MemoryDisk {
  return new Map();
}

function failTimers(random: SeededRandom): { failTimers?: boolean } {
  return random.chance(0.08) ? { failTimers: random.chance(0.5) } : {};
}
