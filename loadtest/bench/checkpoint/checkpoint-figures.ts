import { percentile } from '../harness/percentile.ts';
import { type BatchTimes, type PhaseTimes } from '../robot-states/engine/state-engine-run.ts';

/** Checkpoints under one share of changed robots. */
export interface Uploads {
  readonly changedPercent: number;
  readonly checkpoints: number;
  readonly changedBytes: number;
  readonly uploadedBytes: number;
  /** Uploaded over changed. */
  readonly ratio: number;
  /** From its begin to its end, the median over all. */
  readonly durationMsP50: number | undefined;
}

/** Times in milliseconds while a checkpoint was under way and without. */
export interface PhaseStall {
  readonly samplesDuring: number;
  readonly samplesWithout: number;
  readonly p50During: number | undefined;
  readonly p50Without: number | undefined;
  readonly p99During: number | undefined;
  readonly p99Without: number | undefined;
}

/** Times of batches. */
export interface Stall extends PhaseStall {
  readonly changedPercent: number;
  /** Of the p99s, during over without. */
  readonly ratio: number | undefined;
  /** The same for stretches as long in which there was no checkpoint: so much is the way of counting. */
  readonly controlRatio: number | undefined;
  /** Which of the phases is the stall. */
  readonly phases: Readonly<Record<string, PhaseStall>>;
}

/** What a partition's records wait for; the other phases are parts of these, or their causes. */
const batchPhases = ['fold', 'commit', 'store'] as const;
const allPhases = [...batchPhases, 'read', 'loop', 'copy', 'upload'] as const;

export function toUploads(figures: Omit<Uploads, 'ratio'>): Uploads {
  return { ...figures, ratio: Number((figures.uploadedBytes / figures.changedBytes).toFixed(2)) };
}

export function toStall(changedPercent: number, batches: readonly BatchTimes[]): Stall {
  const all = (side: keyof BatchTimes, phases: readonly (keyof PhaseTimes)[]) =>
    phases.flatMap((phase) => batches.flatMap((times) => times[side][phase]));
  const compare = (phases: readonly (keyof PhaseTimes)[]) => {
    const [during, without] = [all('during', phases), [...all('without', phases), ...all('control', phases)]];
    return {
      ...{ samplesDuring: during.length, samplesWithout: without.length },
      ...{ p50During: percentile(during, 0.5), p50Without: percentile(without, 0.5) },
      ...{ p99During: percentile(during, 0.99), p99Without: percentile(without, 0.99) },
    };
  };
  const whole = compare(batchPhases);
  const { p99During, p99Without } = whole;
  const over = (p99: number | undefined) =>
    p99 === undefined || p99Without === undefined ? undefined : Number((p99 / p99Without).toFixed(2));
  return {
    ...{ changedPercent, ...whole },
    ratio: over(p99During),
    controlRatio: over(percentile(all('control', batchPhases), 0.99)),
    phases: Object.fromEntries(allPhases.map((phase) => [phase, compare([phase])])),
  };
}
