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
/** Who has not got to its point by then, and when everything was sent, dies where it is. */
const reachWithinMs = { start: 8_000, idle: 3_000, other: 2_500 } as const;

/**
 * One of each part dies at the round's point of that part, and is started again; in one round of two one more dies at a
 * random moment.
 *
 * @returns how many died, where each was to die (`armed:`) and where it did (`at:`)
 */
export async function killParts(stack: CommandStack, plan: KillPlan): Promise<Record<string, number>> {
  const { random, seed, sent } = plan;
  // Drawn before anything begins, so that the same seed gives the same plan.
  const kills = commandParts.map((part): Kill => {
    const [slot, nth] = [pickFrom(partSlots, random), 1 + Math.floor(random() * nthMaxOf[part])];
    return { part, slot, point: pointOf(part, seed), nth, afterMs: random() * spreadMs };
  });
  const more = random() < 0.5 ? pickFrom(kills, random) : undefined;
  const moreAfterMs = random() * spreadMs;
  const figures: Record<string, number> = { kills: kills.length + (more === undefined ? 0 : 1) };
  const killings = kills.map(async (kill) => {
    const place = `${kill.part}.${kill.point}`;
    figures[`armed:${place}`] = 1;
    if (await killAt(stack, kill, sent)) figures[`at:${place}`] = 1;
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
  readonly point: string;
  readonly nth: number;
  readonly afterMs: number;
}

/** @returns whether it got to the point */
async function killAt(
  stack: CommandStack,
  { part, slot, point, nth, afterMs }: Kill,
  sent: Promise<unknown>,
): Promise<boolean> {
  const when = idlePoints.has(point) ? 'idle' : startPoints.has(point) ? 'start' : 'other';
  await (when === 'idle' ? sent : sleep(afterMs));
  const setting = toFaultSetting(point, nth);
  if (when === 'start') await stack.restart(part, slot, setting);
  else stack.arm(part, slot, setting);
  const late = Promise.all([sleep(reachWithinMs[when]), sent]);
  const died = await stack.diesBefore(part, slot, late);
  await stack.restart(part, slot);
  return died;
}
