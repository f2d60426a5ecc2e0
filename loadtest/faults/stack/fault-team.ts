import { rm } from 'node:fs/promises';
import { type PlayedRound } from '../scenario.ts';
import { type FaultProcessor } from './fault-processor.ts';
import { type FaultStack, type SpawnOptions } from './fault-stack.ts';
import { toVerified } from './verified-rounds.ts';

/** The processors of a stack, by slot. */
export interface FaultTeam {
  readonly stack: FaultStack;
  /** @throws when the slot is empty */
  at(slot: number): FaultProcessor;
  slots(): readonly number[];
  /** A slot drawn at random among those whose processor has partitions: nothing is lost with one that has none. */
  drawOwner(random: () => number): Promise<number>;
  all(): readonly FaultProcessor[];
  /** Starts the slot's processor, which must not run. Doesn't wait for it. */
  start(slot: number, options?: SpawnOptions): Promise<FaultProcessor>;
  /** Ends it in order. */
  end(slot: number): Promise<void>;
  /** Kills it, and with `loseState` deletes what it had on its disk. */
  kill(slot: number, loseState?: boolean): Promise<void>;
  /** Starts those of `slots` that are not running and waits until all are ready. */
  ensure(slots: readonly number[]): Promise<void>;
  /** Asks the oracle; the processors have ended then. */
  verify(): Promise<PlayedRound>;
}

export function createFaultTeam(stack: FaultStack, usual: SpawnOptions = {}): FaultTeam {
  const members = new Map<number, FaultProcessor>();
  const at = (slot: number): FaultProcessor => {
    const member = members.get(slot);
    if (member === undefined) throw new RangeError(`There is no processor in slot ${slot}`);
    return member;
  };
  const start = async (slot: number, options: SpawnOptions = {}): Promise<FaultProcessor> => {
    const processor = await stack.spawn(slot, { ...usual, ...options });
    members.set(slot, processor);
    return processor;
  };
  return {
    stack,
    at,
    slots: () => [...members.keys()],
    drawOwner: async (random) => {
      const owned = await Promise.all(
        [...members].map(async ([slot, member]) => ({ slot, owned: await member.countOwned() })),
      );
      const owners = owned.filter((one) => one.owned > 0);
      return pickOne(owners.length > 0 ? owners : owned, random).slot;
    },
    all: () => [...members.values()],
    start,
    end: async (slot) => {
      await at(slot).end();
      members.delete(slot);
    },
    kill: async (slot, loseState = false) => {
      await at(slot).kill();
      members.delete(slot);
      if (loseState) await rm(stack.stateDir(slot), { recursive: true, force: true, maxRetries: 5 });
    },
    ensure: async (slots) => {
      for (const slot of slots) if (members.get(slot)?.isAlive !== true) await start(slot);
      await Promise.all(slots.map((slot) => at(slot).ready()));
    },
    verify: async () => {
      const verified = toVerified(await stack.verify([...members.values()]));
      members.clear();
      return verified;
    },
  };
}

function pickOne<One>(all: readonly One[], random: () => number): One {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new RangeError('There is none to pick');
  return one;
}
