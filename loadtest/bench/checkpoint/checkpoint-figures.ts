import { percentile } from '../harness/percentile.ts';

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

/** Times of batches, in milliseconds. */
export interface Stall {
  readonly changedPercent: number;
  readonly samplesDuring: number;
  readonly samplesWithout: number;
  readonly p50During: number | undefined;
  readonly p50Without: number | undefined;
  readonly p99During: number | undefined;
  readonly p99Without: number | undefined;
  /** Of the p99s, during over without. */
  readonly ratio: number | undefined;
}

export function toUploads(figures: Omit<Uploads, 'ratio'>): Uploads {
  return { ...figures, ratio: Number((figures.uploadedBytes / figures.changedBytes).toFixed(2)) };
}

export function toStall(changedPercent: number, during: readonly number[], without: readonly number[]): Stall {
  const [p99During, p99Without] = [percentile(during, 0.99), percentile(without, 0.99)];
  return {
    ...{ changedPercent, samplesDuring: during.length, samplesWithout: without.length },
    ...{ p50During: percentile(during, 0.5), p50Without: percentile(without, 0.5), p99During, p99Without },
    ratio:
      p99During === undefined || p99Without === undefined ? undefined : Number((p99During / p99Without).toFixed(2)),
  };
}
