/**
 * What the detector is allowed, and how it learns. Verdicts depend on every one of these, so a change of a default is a
 * new version of the model. Counts are samples of one series.
 */
export interface DetectorRules {
  /** Alarms that all series of a healthy robot together may give in a day of log time. */
  readonly falseAlarmsPerRobotDay: number;
  /** Before so many samples nothing is said of a series. */
  readonly warmUpSamples: number;
  /** How many samples the level and the correlation are averaged over. */
  readonly levelSamples: number;
  /** The share of residuals that counts as the tail. */
  readonly tailShare: number;
  /** The newest residuals of the tail that are kept. */
  readonly peaksMax: number;
  /** The tail is fitted to at least so many. */
  readonly peaksMin: number;
  /** So many calm samples in a row end an episode. */
  readonly calmSamples: number;
  /** After so many outlying samples an episode is taken for the new normal. */
  readonly adaptAfterSamples: number;
  /** A value must repeat at least so often to be called stuck, ... */
  readonly stuckSamplesMin: number;
  /** ... and for so long in log time. */
  readonly stuckMsMin: number;
  /** After so long a silence in log time the level is learnt anew. */
  readonly gapMs: number;
  /** Series of one robot that are watched; further ones are not. */
  readonly seriesPerRobotMax: number;
  /** Series of one partition; beyond it the robots that were silent longest are forgotten. */
  readonly seriesPerPartitionMax: number;
}

export const defaultRules: DetectorRules = {
  falseAlarmsPerRobotDay: 1,
  warmUpSamples: 400,
  levelSamples: 128,
  tailShare: 0.05,
  peaksMax: 192,
  peaksMin: 16,
  calmSamples: 10,
  adaptAfterSamples: 16,
  stuckSamplesMin: 30,
  stuckMsMin: 60_000,
  gapMs: 900_000,
  seriesPerRobotMax: 64,
  seriesPerPartitionMax: 20_000,
};
