import { toMessage } from '@fleetstream/kernel';
import {
  type AnomalyModel,
  type ModelMemory,
  type ModelSession,
  type RecordScore,
  type RobotRecord,
  type SeriesFinding,
} from './anomaly-model.ts';
import { type DetectorRules } from './detector-rules.ts';
import { KnownEvents } from './known-events.ts';
import { type RateAnchors, readSamples } from './read-samples.ts';
import { SeriesDetector } from './series-detector.ts';

const dayMs = 86_400_000;

interface Series {
  readonly detector: SeriesDetector;
  readonly sinceOffset: number;
  lastOffset: number;
}

interface RobotMemory {
  readonly known: KnownEvents;
  readonly anchors: RateAnchors;
  readonly series: Map<string, Series>;
  lastMs: number;
}

/** The built-in model: every number of every robot against what that number did before. See {@link SeriesDetector}. */
export function createTailDetector(rules: DetectorRules): AnomalyModel {
  const { falseAlarmsPerRobotDay } = rules;
  return { name: 'tail', version: 1, falseAlarmsPerRobotDay, open: () => new TailSession(rules) };
}

class TailSession implements ModelSession {
  readonly #rules: DetectorRules;
  /** Least recently heard of first. */
  readonly #robots = new Map<string, RobotMemory>();
  #series = 0;

  constructor(rules: DetectorRules) {
    this.#rules = rules;
  }

  score(records: readonly RobotRecord[]): Promise<readonly RecordScore[]> {
    return Promise.resolve(records.map((record) => this.#scoreOne(record)));
  }

  memory(): ModelMemory {
    let warmingUp = 0;
    for (const { series } of this.#robots.values()) {
      for (const { detector } of series.values()) if (!detector.warm) warmingUp++;
    }
    return { robots: this.#robots.size, series: this.#series, warmingUp };
  }

  #scoreOne(record: RobotRecord): RecordScore {
    try {
      return this.#observe(record);
    } catch (thrown) {
      // What it left half done is not known, so the robot starts over.
      this.#forget(record.robotId);
      return { kind: 'failed', detail: toMessage(thrown) };
    }
  }

  #observe({ robotId, event, at }: RobotRecord): RecordScore {
    if (event.type !== 'robot.telemetry.v1' && event.type !== 'robot.state.v1') {
      return { kind: 'skipped', reason: 'nothing-to-score' };
    }
    const robot = this.#recall(robotId);
    const seen = robot.known.check(event);
    if (seen !== 'new') return { kind: 'skipped', reason: seen };
    robot.lastMs = Math.max(robot.lastMs, at.nowMs);
    const findings: SeriesFinding[] = [];
    let withheld = 0;
    for (const { metric, value, unit } of readSamples(event, robot.anchors)) {
      const series = this.#seriesOf(robot, metric, at.offset);
      if (series === undefined) continue;
      const allowedPerMs = this.#rules.falseAlarmsPerRobotDay / dayMs / robot.series.size;
      const observed = series.detector.observe(value, robot.lastMs, allowedPerMs);
      if (observed.kind === 'withheld') withheld++;
      if (observed.kind === 'finding') {
        const { sinceOffset, lastOffset: previousOffset } = series;
        findings.push({ ...observed.finding, metric, unit, sinceOffset, previousOffset });
      }
      series.lastOffset = at.offset;
    }
    this.#makeRoom();
    return { kind: 'scored', findings, withheld };
  }

  #recall(robotId: string): RobotMemory {
    const robot = this.#robots.get(robotId) ?? {
      known: new KnownEvents(),
      anchors: {},
      series: new Map<string, Series>(),
      lastMs: 0,
    };
    this.#robots.delete(robotId);
    this.#robots.set(robotId, robot);
    return robot;
  }

  #seriesOf(robot: RobotMemory, metric: string, offset: number): Series | undefined {
    const known = robot.series.get(metric);
    if (known !== undefined) return known;
    if (robot.series.size >= this.#rules.seriesPerRobotMax) return undefined;
    const series = { detector: new SeriesDetector(this.#rules), sinceOffset: offset, lastOffset: offset };
    robot.series.set(metric, series);
    this.#series++;
    return series;
  }

  #makeRoom(): void {
    // A robot without series counts as one: ids alone must not fill the memory either.
    while (this.#series + this.#robots.size > this.#rules.seriesPerPartitionMax && this.#robots.size > 1) {
      const [oldest] = this.#robots.keys();
      if (oldest !== undefined) this.#forget(oldest);
    }
  }

  #forget(robotId: string): void {
    this.#series -= this.#robots.get(robotId)?.series.size ?? 0;
    this.#robots.delete(robotId);
  }
}
