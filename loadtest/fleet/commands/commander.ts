import { type Random } from '../seeded-random.ts';
import { type AskedCommand } from './compare-commands.ts';
import { type CommandGateway, type ToldCommand } from './command-gateway.ts';

export interface CommanderParts {
  readonly gateway: CommandGateway;
  /** Whom it commands. */
  readonly robotIds: readonly string[];
  readonly perSecond: number;
  readonly random: Random;
  readonly run: string;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

const actions = ['move', 'dock', 'pick', 'light'] as const;
const expiresInMs = 120_000;
/** Requests without an answer are sent again under their key, this often. */
const triesMax = 30;
const retryMs = 500;
/** Requests on their way; more would only queue for their connections. */
const underWayMax = 32;
/** Kept for the comparison at the end. */
const askedMax = 100_000;
const lookEveryMs = 250;
const looksAtOnce = 8;

const ended: ReadonlySet<string> = new Set([
  ...['SUCCEEDED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED', 'SUPERSEDED'],
]);

export function hasEnded(told: ToldCommand | undefined): boolean {
  return told !== undefined && ended.has(told.status);
}

/** Sends commands to random robots through the service, as an operator would, and then asks how each ended. */
export class Commander {
  readonly #parts: CommanderParts;
  readonly #asked: { readonly robotId: string; readonly commandId: string }[] = [];
  readonly #told = new Map<string, ToldCommand>();
  readonly #underWay = new Set<Promise<void>>();
  #made = 0;
  /** Requests that no answer was got for, or that were refused. */
  failed = 0;

  constructor(parts: CommanderParts) {
    this.#parts = parts;
  }

  get sent(): number {
    return this.#asked.length;
  }

  /** Until the signal is aborted. */
  async send(signal: AbortSignal): Promise<void> {
    const { perSecond, sleep, robotIds } = this.#parts;
    if (perSecond === 0 || robotIds.length === 0) return;
    for (;;) {
      await sleep(1000 / perSecond, signal);
      if (signal.aborted || this.#made >= askedMax) break;
      while (this.#underWay.size >= underWayMax) await Promise.race(this.#underWay);
      const request = this.#request(signal).finally(() => this.#underWay.delete(request));
      this.#underWay.add(request);
    }
    await Promise.all(this.#underWay);
  }

  /** Asks until every command has ended or the signal is aborted. */
  async settle(signal: AbortSignal): Promise<void> {
    const { gateway, sleep } = this.#parts;
    for (;;) {
      const open = this.#asked.filter(({ commandId }) => !hasEnded(this.#told.get(commandId)));
      const looks = open.values();
      const look = async () => {
        for (const { commandId } of looks) {
          const told = await gateway.get(commandId);
          if (told !== undefined) this.#told.set(commandId, told);
        }
      };
      await Promise.all(Array.from({ length: looksAtOnce }, look));
      if (signal.aborted || open.every(({ commandId }) => hasEnded(this.#told.get(commandId)))) return;
      await sleep(lookEveryMs, signal);
    }
  }

  asked(): AskedCommand[] {
    return this.#asked.map((one) => {
      const told = this.#told.get(one.commandId);
      return { ...one, status: told?.status, reason: told?.reason };
    });
  }

  async #request(signal: AbortSignal): Promise<void> {
    const { gateway, random, robotIds, run, sleep } = this.#parts;
    this.#made += 1;
    const key = `${run}.${this.#made}`;
    const robotId = pick(random, robotIds);
    const action = pick(random, actions);
    const parameters = { x: Math.round(random() * 600) / 10, y: Math.round(random() * 400) / 10 };
    for (let tries = 0; tries < triesMax; tries++) {
      const answer = await gateway.request({ robotId, action, parameters, expiresInMs, key });
      if (answer === 'refused') break;
      if (answer !== undefined) {
        this.#asked.push({ robotId, commandId: answer.commandId });
        return;
      }
      // Near the end there is one more try, so that what was sent is known.
      if (signal.aborted && tries > 0) break;
      await sleep(retryMs, signal);
    }
    this.failed += 1;
  }
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to choose from');
  return item;
}
