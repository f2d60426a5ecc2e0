import { AlarmBudget } from './alarm-budget.ts';
import { type DetectorRules } from './detector-rules.ts';
import { Predictor } from './predictor.ts';
import { Quantum } from './quantum.ts';
import { RunLengths } from './run-lengths.ts';
import { TailModel } from './tail-model.ts';

/** What a series did that it should not have. */
export interface Finding {
  readonly kind: 'outlier' | 'stuck';
  readonly value: number;
  /** What the value should have been. */
  readonly expected: number;
  /** How improbable, as -log10 of a probability (outlier), or the samples in a row (stuck). */
  readonly score: number;
  /** The score from which it is an alarm. */
  readonly threshold: number;
  /** How far it went beyond what was allowed: 1 is just so. */
  readonly excess: number;
  /** Samples of this series that the judgement rests on. */
  readonly samples: number;
}

export type Observation =
  | { readonly kind: 'normal' | 'warming-up' | 'known' | 'withheld' }
  | { readonly kind: 'finding'; readonly finding: Finding };

/** Scores are probabilities' logarithms; beyond this they only say "never". */
const scoreMax = 30;
/** A quantised value must leave the tail's start by more than so many steps. */
const quantaMin = 2;
/** How far, in limits, a residual counts once a change has been accepted. */
const growthMax = 2;
const intervalSamples = 256;
/** Before the tail is known, so many mean residuals count as an outlier to the predictor, after so many samples. */
const guessFactor = 12;
const guessSamplesMin = 32;
/** The tail is not asked for rarer or more frequent things than these. */
const probabilityMin = 1e-9;
const probabilityMax = 1e-3;
/** The threshold is computed anew when the wanted probability moved by more than this factor. */
const driftMax = 1.25;

interface Episode {
  outlying: number;
  calm: number;
  sum: number;
}

/**
 * One series of one robot: says of each sample whether it is what was to be expected.
 *
 * States: warming up -> calm <-> episode. An episode begins with an alarm (or one that the budget withheld) and says no
 * more; it ends after some calm samples. When it goes on for long it is the new normal: the level moves there at once,
 * and the tail learns it.
 *
 * Same samples, same answers: there is no clock and no chance in here.
 */
export class SeriesDetector {
  readonly #rules: DetectorRules;
  readonly #predictor: Predictor;
  readonly #tail: TailModel;
  readonly #runs = new RunLengths();
  readonly #quantum = new Quantum();
  readonly #budget = new AlarmBudget();
  #samples = 0;
  #lastMs = 0;
  #meanIntervalMs = 0;
  /** Samples left until the level is known again after a silence, and the mean of those seen. */
  #settling = 0;
  #threshold = Infinity;
  #thresholdFor = 0;
  #episode: Episode | undefined;
  #stuckSaid = false;

  constructor(rules: DetectorRules) {
    this.#rules = rules;
    this.#predictor = new Predictor(rules);
    this.#tail = new TailModel(rules);
  }

  get warm(): boolean {
    return this.#samples >= this.#rules.warmUpSamples && this.#tail.fit !== undefined;
  }

  /**
   * @param value finite
   * @param nowMs log time, never earlier than the last one
   * @param allowedPerMs the series' share of the robot's alarms
   */
  observe(value: number, nowMs: number, allowedPerMs: number): Observation {
    this.#pass(nowMs, allowedPerMs);
    if (this.#settling > 0) return this.#settle(value, nowMs);
    const expected = this.#predictor.expected() ?? value;
    const residual = Math.abs(value - expected);
    const limit = this.#limit(allowedPerMs);
    const outlying = this.warm && residual > limit;
    const judged = this.#judge(value, outlying);
    const finding = judged === 'finding' ? this.#describe(value, expected, residual, limit) : undefined;
    this.#runs.add(value, nowMs);
    this.#quantum.add(value);
    this.#learn(value, expected, outlying, limit);
    if (finding !== undefined) return { kind: 'finding', finding };
    return this.#watchRun(value, nowMs, expected) ?? { kind: judged === 'finding' ? 'known' : judged };
  }

  #pass(nowMs: number, allowedPerMs: number): void {
    if (this.#samples > 0) {
      const silentMs = Math.max(0, nowMs - this.#lastMs);
      // After a long silence the battery was changed, a shift began: the next values tell the level.
      if (silentMs > this.#rules.gapMs) this.#settling = this.#rules.calmSamples;
      const counted = Math.min(silentMs, this.#rules.gapMs);
      this.#meanIntervalMs += (counted - this.#meanIntervalMs) * Math.max(1 / this.#samples, 1 / intervalSamples);
    }
    this.#budget.advance(nowMs, allowedPerMs);
    this.#lastMs = nowMs;
    this.#samples++;
  }

  #settle(value: number, nowMs: number): Observation {
    const seen = this.#rules.calmSamples - this.#settling;
    this.#settling--;
    const level = seen === 0 ? value : this.#predictor.level + (value - this.#predictor.level) / (seen + 1);
    this.#predictor.moveTo(level, value);
    this.#runs.add(value, nowMs);
    this.#episode = undefined;
    return { kind: 'warming-up' };
  }

  /** The residual from which on a sample is an alarm; infinite as long as nothing can be said. */
  #limit(allowedPerMs: number): number {
    const wanted = Math.min(probabilityMax, Math.max(probabilityMin, allowedPerMs * this.#meanIntervalMs));
    const drifted = wanted > this.#thresholdFor * driftMax || wanted * driftMax < this.#thresholdFor;
    if (this.#tail.fit !== undefined && (drifted || this.#threshold === Infinity)) {
      this.#threshold = this.#tail.quantile(wanted);
      this.#thresholdFor = wanted;
    }
    const { start } = this.#tail;
    const widened = start + (this.#threshold - start) * this.#budget.factor;
    return Math.max(widened, start + quantaMin * this.#quantum.size);
  }

  #judge(value: number, outlying: boolean): Observation['kind'] {
    const episode = this.#episode;
    if (episode !== undefined) {
      if (outlying) {
        episode.calm = 0;
        episode.outlying++;
        episode.sum += value;
        return 'known';
      }
      episode.calm++;
      if (episode.calm >= this.#rules.calmSamples) this.#episode = undefined;
      return 'normal';
    }
    if (!this.warm) return 'warming-up';
    if (!outlying) return 'normal';
    this.#episode = { outlying: 1, calm: 0, sum: value };
    return this.#budget.spend() ? 'finding' : 'withheld';
  }

  #learn(value: number, expected: number, outlying: boolean, limit: number): void {
    const { adaptAfterSamples } = this.#rules;
    const residual = Math.abs(value - expected);
    const trustedResidual = Math.min(residual, outlying ? limit : this.#guess());
    const trusted = expected + Math.sign(value - expected) * trustedResidual;
    this.#predictor.add(value, trusted);
    const episode = this.#episode;
    if (outlying && episode?.outlying === adaptAfterSamples) {
      this.#predictor.moveTo(episode.sum / episode.outlying, value);
    }
    // What stands still for longer than ever tells nothing of how the series moves when it moves.
    if (this.#runs.unusual) return;
    // Nor do outliers of what is normal, unless they stay: one of them would stretch the tail beyond its like.
    const persists = episode !== undefined && episode.outlying > adaptAfterSamples;
    if (outlying && !persists) return;
    const learnt = outlying ? Math.min(residual, limit * growthMax) : residual;
    if (this.#tail.add(learnt)) this.#threshold = Infinity;
  }

  /** While there is no limit yet: what can hardly be. */
  #guess(): number {
    return this.warm || this.#samples < guessSamplesMin ? Infinity : guessFactor * this.#tail.meanResidual;
  }

  #watchRun(value: number, nowMs: number, expected: number): Observation | undefined {
    const { length, sinceMs } = this.#runs;
    if (length === 1) this.#stuckSaid = false;
    // Standing at zero is what things do that are switched off.
    if (this.#stuckSaid || value === 0 || !this.warm) return undefined;
    const threshold = Math.max(this.#rules.stuckSamplesMin, this.#runs.limit(this.#budget.factor));
    if (length < threshold || nowMs - sinceMs < this.#rules.stuckMsMin) return undefined;
    this.#stuckSaid = true;
    if (!this.#budget.spend()) return { kind: 'withheld' };
    const samples = this.#samples;
    return {
      kind: 'finding',
      finding: { kind: 'stuck', value, expected, score: length, threshold, excess: length / threshold, samples },
    };
  }

  #describe(value: number, expected: number, residual: number, limit: number): Finding {
    return {
      kind: 'outlier',
      value,
      expected,
      score: this.#toScore(residual),
      threshold: this.#toScore(limit),
      excess: residual / limit,
      samples: this.#samples,
    };
  }

  #toScore(residual: number): number {
    return Math.min(scoreMax, -Math.log10(Math.max(this.#tail.exceedance(residual), Number.MIN_VALUE)));
  }
}
