/** One thing that chaos does, `afterMs` after the one before it. */
export interface ChaosAction {
  readonly afterMs: number;
  readonly victim: 'webhook' | 'processor';
  /** Which one of its kind, as a share of them: 0 is the first, just below 1 the last. */
  readonly which: number;
  /** Whether the victim's local state is to go with it, once a checkpoint exists. */
  readonly deleteState: boolean;
}

const firstAfterMs = 6000;
const pauseMsDefault = 6500;
const pauseMsMin = 3000;
/** The last kill leaves this much of the run to recover in. */
const quietEndMs = 10_000;
const actionsMin = 7;

/**
 * What chaos does, in order, the same for the same seed: pods and processors in turn, some seconds apart. The third kill
 * of a processor, and no other, takes its state along; `quiet` ends the plan in time for the run's end.
 */
export function* planChaos(seed: number, runForMs: number | undefined): Generator<ChaosAction> {
  const random = createRandom(seed);
  const untilMs = runForMs === undefined ? Number.POSITIVE_INFINITY : runForMs - quietEndMs;
  const pauseMs = Math.max(pauseMsMin, Math.min(pauseMsDefault, (untilMs - firstAfterMs) / actionsMin));
  let atMs = 0;
  for (let index = 0; ; index += 1) {
    const afterMs = Math.round(index === 0 ? firstAfterMs : pauseMs * (0.8 + 0.4 * random()));
    atMs += afterMs;
    if (atMs > untilMs) return;
    yield {
      afterMs,
      victim: index % 2 === 0 ? 'webhook' : 'processor',
      which: random(),
      deleteState: index === 5,
    };
  }
}

/** Mulberry32: small, seeded, good enough to choose victims. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
