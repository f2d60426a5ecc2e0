import { setTimeout as sleep } from 'node:timers/promises';
import { pickFrom } from './pick-from.ts';
import { type Random } from '../../fleet/seeded-random.ts';
import { toFaultSetting } from '../worker/fault-points.ts';
import { idlePoints, nthMaxOf, pointOf, startPoints } from './command-points.ts';
import { commandParts, type CommandPart, type CommandStack, partSlots } from './command-stack.ts';

export interface KillPlan {
  readonly seed: number;
  readonly random: Random;
  /** Settles when everything was sent. */
  readonly sent: Promise<unknown>;
}

const spreadMs = 1_200;
/** Who has not got to its point by then dies where it is. */
const reachWithinMs = 2_500;
const reachIdleWithinMs = 3_000;

/**
 * One of each part dies at the round's point of that part, and is started again; in one round of two one more dies at a
 * random moment.
 *
 * @returns how many died, where each was to die (`armed:`) and where it did (`at:`)
 */
export async function killParts(stack: CommandStack, plan: KillPlan): Promise<Record<string, number>> {
  const { random } = plan;
  // Drawn before anything begins, so that the same seed gives the same plan.
  const kills = commandParts.map((part) => ({ part, slot: pickFrom(partSlots, random), afterMs: random() * spreadMs }));
  const nths = kills.map(({ part }) => 1 + Math.floor(random() * nthMaxOf[part]));
  const more = random() < 0.5 ? pickFrom(kills, random) : undefined;
  const moreAfterMs = random() * spreadMs;
  const figures: Record<string, number> = { kills: kills.length + (more === undefined ? 0 : 1) };
  const killings = kills.map(async ({ part, slot, afterMs }, index) => {
    const point = pointOf(part, plan.seed);
    figures[`armed:${part}.${point}`] = 1;
    const died = await killAt(stack, { part, slot, afterMs, point, nth: nths[index] ?? 1 }, plan.sent);
    if (died) figures[`at:${part}.${point}`] = 1;
  });
  const killOneMore = async () => {
    if (more === undefined) return;
    await sleep(moreAfterMs);
    await stack.restart(more.part, 1 - more.slot);
  };
  await Promise.all([...killings, killOneMore()]);
  return figures;
}

interface Kill {
  readonly part: CommandPart;
  readonly slot: number;
  readonly afterMs: number;
  readonly point: string;
  readonly nth: number;
}

/** @returns whether it got to the point */
async function killAt(
  stack: CommandStack,
  { part, slot, afterMs, point, nth }: Kill,
  sent: Promise<unknown>,
): Promise<boolean> {
  const isIdle = idlePoints.has(point);
  if (isIdle) await sent;
  else await sleep(afterMs);
  const setting = toFaultSetting(point, nth);
  if (startPoints.has(point)) await stack.restart(part, slot, setting);
  else stack.arm(part, slot, setting);
  const died = await stack.diesWithin(part, slot, isIdle ? reachIdleWithinMs : reachWithinMs);
  await stack.restart(part, slot);
  return died;
}
