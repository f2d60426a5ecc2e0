/** So long after each checkpoint the control looks at batches; the next one of the process is not due yet then. */
const controlDelayMs = 200;
const keptMs = 60_000;

/** Which times of batches a checkpoint touched, and which one would have touched that came a little later. */
export interface CheckpointMoments {
  begin(): void;
  end(): void;
  /** Of a batch that ended now. */
  touched(durationMs: number): 'during' | 'control' | 'without';
}

/**
 * A long time is touched by a checkpoint more easily than a short one, also when it was none's fault. The control is
 * touched as easily: the same stretches of time, moved to where no checkpoint was.
 */
export function createCheckpointMoments(nowMs: () => number): CheckpointMoments {
  let running = 0;
  let beganMs = 0;
  let past: { readonly beganMs: number; readonly endedMs: number }[] = [];
  const overlaps = (fromMs: number, toMs: number) =>
    (running > 0 && beganMs < toMs) || past.some((one) => one.beganMs < toMs && one.endedMs > fromMs);
  return {
    begin: () => {
      if (running === 0) beganMs = nowMs();
      running += 1;
    },
    end: () => {
      running -= 1;
      const endedMs = nowMs();
      if (running === 0) past = [...past.filter((one) => one.endedMs > endedMs - keptMs), { beganMs, endedMs }];
    },
    touched: (durationMs) => {
      const toMs = nowMs();
      const fromMs = toMs - durationMs;
      if (overlaps(fromMs, toMs)) return 'during';
      return overlaps(fromMs - controlDelayMs, toMs - controlDelayMs) ? 'control' : 'without';
    },
  };
}
