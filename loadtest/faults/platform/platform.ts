import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { atLeast, exactly } from '../../check.ts';
import { createRandom } from '../../fleet/seeded-random.ts';
import { RobotRegistry } from '../../platform/robot-registry.ts';
import { until } from '../restore/until.ts';
import { type FaultContext, type PlayedRound, type Scenario, sumOf } from '../scenario.ts';
import { type FaultyPlatform, type Mood, moods, startFaultyPlatform } from './faulty-platform.ts';
import { type PlatformStack, startPlatformStack } from './platform-stack.ts';

const freshMs = 1000;
const listsToRetire = 2;
/** When the wrong platform was asked so often, whatever was under way before is over: nothing new can be believed. */
const asksToSettle = listsToRetire + 1;
const robotsAtFirst = 40;
const patienceMs = 60_000;

const environment = {
  COMMANDS_PLATFORM_FRESH_MS: String(freshMs),
  COMMANDS_PLATFORM_TIMEOUT_MS: '1000',
  COMMANDS_PLATFORM_BREAKER_RESET_MS: '200',
  COMMANDS_PLATFORM_PAGE_ROBOTS: '10',
  COMMANDS_PLATFORM_MAPPING: JSON.stringify({ total: '$.total' }),
  // As bold as can be set: only the list's own defects may keep robots from being retired.
  COMMANDS_PLATFORM_RETIRE_AFTER_LISTS: String(listsToRetire),
  COMMANDS_PLATFORM_RETIRE_AFTER_MS: '0',
};

const wrongs = ['wronglyRetired', 'notRetired', 'notEnrolled', 'unanswered', 'robotsUntold', 'agesUntold'] as const;

/** Everything that can be wrong with the Robot Platform, one after the other, and then the changes that are real. */
export const platform: Scenario = {
  name: 'platform',
  summary:
    'the Robot Platform down, slow, talking garbage or losing robots; the service killed: nobody is wrongly retired',
  run: async (_options, context, playRounds) => {
    await playRounds((seed) => playRound(seed, context));
  },
  check: (rounds) => [
    ...wrongs.map((wrong) => exactly(wrong, sumOf(rounds, wrong), 0)),
    exactly('moods', sumOf(rounds, 'moods'), rounds.length * moods.length),
    atLeast('answersWhileWrong', sumOf(rounds, 'answersWhileWrong'), rounds.length * moods.length),
    atLeast('staleAnswers', sumOf(rounds, 'staleAnswers'), rounds.length),
  ],
};

async function playRound(seed: number, context: FaultContext): Promise<PlayedRound> {
  const registry = new RobotRegistry();
  registry.upsert(namesOf(0, robotsAtFirst));
  const token = randomBytes(16).toString('hex');
  const faulty = await startFaultyPlatform(registry, token);
  try {
    const url = { COMMANDS_PLATFORM_URL: faulty.url, COMMANDS_PLATFORM_TOKEN: token };
    const stack = await startPlatformStack({ context, environment: { ...environment, ...url } });
    try {
      return await new Round({ seed, context, registry, faulty, stack }).play();
    } finally {
      await stack.end();
    }
  } finally {
    await faulty.close();
  }
}

interface RoundParts {
  readonly seed: number;
  readonly context: FaultContext;
  readonly registry: RobotRegistry;
  readonly faulty: FaultyPlatform;
  readonly stack: PlatformStack;
}

class Round {
  readonly #parts: RoundParts;
  readonly #random: () => number;
  readonly #figures: Record<string, number> = Object.fromEntries(
    [...wrongs, 'moods', 'answersWhileWrong', 'staleAnswers', 'slowestMs'].map((name) => [name, 0]),
  );
  readonly #examples: string[] = [];
  /** Robots that the platform no longer has. */
  readonly #removed = new Set<string>();

  constructor(parts: RoundParts) {
    this.#parts = parts;
    this.#random = createRandom(parts.seed, 'platform');
  }

  async play(): Promise<PlayedRound> {
    const { context, registry, stack } = this.#parts;
    await this.#untilServed('the first list');
    const order = [...moods].sort(() => this.#random() - 0.5);
    const killAt = Math.floor(this.#random() * order.length);
    for (const [index, mood] of order.entries()) {
      if (context.stop.aborted) break;
      if (index === killAt) {
        // Whoever has the turn or not: the other one, or its successor, goes on with it.
        await stack.replace(this.#random() < 0.5 ? 0 : 1);
        await this.#untilServed('the list after a kill');
      }
      await this.#playMood(mood);
      await this.#untilFresh();
    }
    // What is real is believed, once the platform is well.
    this.#remove(3);
    await until('the robots that are gone are retired', () => this.#isRetired(), this.#patience());
    registry.upsert(namesOf(robotsAtFirst, robotsAtFirst * 10));
    await this.#untilServed('ten times the robots');
    await until('every robot is enrolled', async () => (await this.#countEvents()).notEnrolled === 0, this.#patience());
    Object.assign(this.#figures, await this.#countEvents());
    return { figures: this.#figures, examples: this.#examples.slice(0, 10) };
  }

  /** Long enough for several lists, none of which may be believed. */
  async #playMood(mood: Mood): Promise<void> {
    const { context, faulty, stack } = this.#parts;
    const startedMs = performance.now();
    const askedBefore = faulty.asked();
    faulty.turn(mood);
    const asks = (): number => faulty.asked() - askedBefore;
    let settledAtMs: number | undefined;
    const isOver = (): boolean => performance.now() - startedMs > freshMs * 3 && asks() > asksToSettle;
    while (!isOver() && !context.stop.aborted) {
      if (performance.now() - startedMs > patienceMs) {
        throw new AppError('FS_NOT_READY', `${mood}: the platform was hardly asked`);
      }
      if (asks() >= asksToSettle) settledAtMs ??= Date.now();
      for (const instance of stack.instances) await this.#look(instance, mood, settledAtMs);
      await sleep(100);
    }
    faulty.turn(undefined);
    this.#count('moods');
    context.say(`  ${mood}: asked ${faulty.asked() - askedBefore} times`);
  }

  async #look(instance: number, mood: Mood, settledAtMs: number | undefined): Promise<void> {
    const askedAtMs = Date.now();
    const told = await this.#parts.stack.ask(instance);
    const tookMs = Date.now() - askedAtMs;
    this.#figures['slowestMs'] = Math.max(this.#figures['slowestMs'] ?? 0, tookMs);
    if (told === undefined) {
      this.#wrong('unanswered', `${mood}: instance ${instance} did not answer`);
      return;
    }
    this.#count('answersWhileWrong');
    if (told.stale) this.#count('staleAnswers');
    const ids = new Set(told.robots.map(({ id }) => id));
    const missing = this.#parts.registry.all().filter(({ id }) => !ids.has(id)).length;
    if (missing > 0) this.#wrong('robotsUntold', `${mood}: instance ${instance} lacks ${missing} robots`);
    // A list with unreadable entries is believed for the robots that it names: it is no old one.
    if (mood === 'foreign-entries') return;
    const fetchedAtMs = Date.parse(told.fetchedAt);
    if (fetchedAtMs > (settledAtMs ?? Infinity) || told.ageMs < askedAtMs - fetchedAtMs) {
      this.#wrong('agesUntold', `${mood}: a list of ${told.fetchedAt} that is ${told.ageMs} ms old, it says`);
    }
  }

  #remove(count: number): void {
    const { registry } = this.#parts;
    for (const { id } of registry.all().slice(0, count)) {
      registry.remove(id);
      this.#removed.add(id);
    }
  }

  async #isRetired(): Promise<boolean> {
    return (await this.#countEvents()).notRetired === 0;
  }

  async #untilServed(what: string): Promise<void> {
    const { registry, stack } = this.#parts;
    const serves = async (instance: number): Promise<boolean> => {
      const told = await stack.ask(instance);
      const ids = new Set(told?.robots.map(({ id }) => id));
      return registry.all().every(({ id }) => ids.has(id));
    };
    await until(what, async () => (await Promise.all(stack.instances.map(serves))).every(Boolean), this.#patience());
  }

  async #untilFresh(): Promise<void> {
    const { stack } = this.#parts;
    const isFresh = async (instance: number): Promise<boolean> => {
      const told = await stack.ask(instance);
      return told !== undefined && !told.stale && told.ageMs < freshMs;
    };
    await until(
      'a list is believed again',
      async () => (await Promise.all(stack.instances.map(isFresh))).every(Boolean),
      this.#patience(),
    );
  }

  async #countEvents(): Promise<{ wronglyRetired: number; notRetired: number; notEnrolled: number }> {
    const { registry, stack } = this.#parts;
    const ids = { enrolled: new Set<string>(), retired: new Set<string>() };
    for (const { robotId, type } of await stack.readEvents()) {
      if (type === 'fleet.robot-enrolled.v1') ids.enrolled.add(robotId);
      if (type === 'fleet.robot-retired.v1') ids.retired.add(robotId);
    }
    return {
      wronglyRetired: [...ids.retired].filter((id) => !this.#removed.has(id)).length,
      notRetired: [...this.#removed].filter((id) => !ids.retired.has(id)).length,
      notEnrolled: registry.all().filter(({ id }) => !ids.enrolled.has(id)).length,
    };
  }

  #patience(): { readonly stop: AbortSignal; readonly timeoutMs: number } {
    return { stop: this.#parts.context.stop, timeoutMs: patienceMs };
  }

  #wrong(figure: (typeof wrongs)[number], example: string): void {
    this.#count(figure);
    this.#examples.push(example);
  }

  #count(figure: string): void {
    this.#figures[figure] = (this.#figures[figure] ?? 0) + 1;
  }
}

function namesOf(first: number, count: number): { readonly id: string; readonly name: string }[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `r-${String(first + index).padStart(4, '0')}`;
    return { id, name: `Robot ${id}` };
  });
}
