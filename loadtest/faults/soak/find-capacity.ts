import { setTimeout as sleep } from 'node:timers/promises';

export interface CapacityOptions {
  readonly setRate: (perSecond: number) => void;
  /** Records folded and committed so far. */
  readonly folded: () => Promise<number>;
  /** How long each rate is tried. */
  readonly stepMs: number;
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

const firstPerSecond = 2000;
const growth = 1.5;
const mostPerSecond = 100_000;
/** A rate of which less than this is folded is beyond what can be borne. */
const borneShare = 0.9;

/**
 * What is folded per second when more is sent than can be borne: rates are raised until the fold no longer keeps up.
 * Sender, broker and processor share the machine, as they do in what follows.
 */
export async function findCapacity(options: CapacityOptions): Promise<number> {
  const { setRate, folded, stepMs, stop, say } = options;
  let capacity = 0;
  for (let rate = firstPerSecond; rate <= mostPerSecond && !stop.aborted; rate = Math.round(rate * growth)) {
    setRate(rate);
    await sleep(stepMs / 2);
    const [startMs, before] = [performance.now(), await folded()];
    await sleep(stepMs);
    const perSecond = Math.round((((await folded()) - before) * 1000) / (performance.now() - startMs));
    say(`${rate} records a second sent, ${perSecond} folded`);
    capacity = Math.max(capacity, perSecond);
    if (perSecond < rate * borneShare) break;
  }
  return capacity;
}
