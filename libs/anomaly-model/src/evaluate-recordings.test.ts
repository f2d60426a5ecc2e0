import { createRandom } from '@fleetstream/testing';
import { describe, expect, it } from 'vitest';
import { hasRecordings, loadCrazyflies, loadUr3, type Recording } from '../test/load-recordings.ts';
import { defaultRules } from './detector-rules.ts';
import { SeriesDetector } from './series-detector.ts';

const dayMs = 86_400_000;

interface Alarm {
  readonly row: number;
  readonly metric: string;
  readonly kind: 'outlier' | 'stuck';
}

type Plant = (metric: string, row: number, value: number) => number;
const asRecorded: Plant = (_metric, _row, value) => value;

function judge(recording: Recording, perDay: number, plant: Plant = asRecorded): Alarm[] {
  const entries = Object.entries(recording.series);
  const allowedPerMs = perDay / dayMs / entries.length;
  return entries.flatMap(([metric, values]) => {
    const detector = new SeriesDetector(defaultRules);
    return values.flatMap((value, row): Alarm[] => {
      if (value === undefined) return [];
      const atMs = 1_790_000_000_000 + (recording.atMs[row] ?? 0);
      const seen = detector.observe(plant(metric, row, value), atMs, allowedPerMs);
      return seen.kind === 'finding' ? [{ row, metric, kind: seen.finding.kind }] : [];
    });
  });
}

/** Between which values 98 % of a series lie. */
function usualRange(values: readonly (number | undefined)[]): number {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return at(0.99) - at(0.01);
}

/** Rows of one label that follow each other are one event. */
function toEvents(label: readonly boolean[]): { first: number; last: number }[] {
  const events: { first: number; last: number }[] = [];
  label.forEach((on, row) => {
    if (!on) return;
    const before = events.at(-1);
    if (before?.last === row - 1) before.last = row;
    else events.push({ first: row, last: row });
  });
  return events;
}

describe.skipIf(!hasRecordings())('real recordings (skipped without ../shared/data beside the repository)', () => {
  it('a working cobot and drones that fly give few alarms', () => {
    const ur3 = loadUr3();
    expect(judge(ur3, 1).length).toBeLessThanOrEqual(2);
    const alarms = loadCrazyflies().map((flight) => judge(flight, 1).length);
    console.info(`crazyflie: ${alarms.reduce((sum, count) => sum + count, 0)} alarms in ${alarms.length} flights`);
    // Each flight is minutes long: any alarm at all is one too many by the budget. They start, climb and land, though.
    expect(alarms.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(alarms.length);
  });

  it('spikes that are planted into real series are found', () => {
    const ur3 = loadUr3();
    const random = createRandom(2);
    let planted = 0;
    let found = 0;
    for (const [metric, values] of Object.entries(ur3.series)) {
      const height = 3 * usualRange(values);
      for (let repeat = 0; repeat < 5; repeat++) {
        const at = 1500 + Math.floor(random() * (values.length - 1600));
        if (values[at] === undefined) continue;
        const one: Recording = { ...ur3, series: { [metric]: values } };
        const plant: Plant = (_metric, row, value) => (row === at ? value + height : value);
        // The budget of one series of the whole robot.
        const alarms = judge(one, 1 / Object.keys(ur3.series).length, plant);
        planted++;
        if (alarms.some(({ row }) => row === at)) found++;
      }
    }
    console.info(`ur3: ${found} of ${planted} planted spikes found (three times the usual range)`);
    expect(found / planted).toBeGreaterThan(0.9);
  });

  it('labels of the cobot, for information: nothing is asserted, since its stops are no outliers of one number', () => {
    const ur3 = loadUr3();
    const lines = [1, 20, 100, 1000].flatMap((perDay) => {
      const alarms = judge(ur3, perDay);
      return Object.entries(ur3.labels).map(([label, rows]) => {
        const events = toEvents(rows).filter(({ first }) => first > defaultRules.warmUpSamples);
        const near = (row: number) => events.some(({ first, last }) => row >= first - 5 && row <= last + 5);
        const hits = events.filter(({ first, last }) =>
          alarms.some(({ row }) => row >= first - 5 && row <= last + 5),
        ).length;
        const right = alarms.filter(({ row }) => near(row)).length;
        const chance = rows.filter((_, row) => near(row)).length / rows.length;
        const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
        return (
          `${perDay}/day ${label}: recall ${hits} of ${events.length}, ` +
          `precision ${right} of ${alarms.length} (by chance ${percent(chance)})`
        );
      });
    });
    console.info(lines.join('\n'));
    expect(lines).toHaveLength(8);
  });
});
