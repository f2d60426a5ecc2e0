import { insightEventSchemas } from '@fleetstream/contracts';
import { createRandom, gauss, telemetryRecord, telemetryStartMs as startMs } from '@fleetstream/testing';
import { describe, expect, it } from 'vitest';
import { defaultRules } from './detector-rules.ts';
import { type ReplayRecord } from './read-robot-record.ts';
import { replayVerdicts } from './replay-verdicts.ts';

/** Two robots by turns; the first has a spike of its current at offset 2000. */
function createLog(count: number): ReplayRecord[] {
  const random = createRandom(3);
  return Array.from({ length: count }, (_, offset) => {
    const robotId = offset % 2 === 0 ? 'arm-1' : 'arm-2';
    const current = offset === 2000 ? 30 : 4 + 0.2 * gauss(random);
    return telemetryRecord(robotId, offset, { current, flag: offset % 3 });
  });
}

const log = createLog(2400);
const verdictsOf = (records: readonly ReplayRecord[]) => replayVerdicts(records, defaultRules, records[0]?.offset ?? 0);

describe('verdicts', () => {
  it('say what, how sure, by whom, and where to look', async () => {
    const verdicts = await verdictsOf(log);
    expect(verdicts).toMatchObject([{ topic: 'fleet.insights', key: 'arm-1', severity: 'extreme' }]);
    const event = JSON.parse(verdicts[0]?.value ?? '') as { data: unknown };
    expect(event).toMatchObject({
      id: 'insights-tail-1-0-2000-current',
      type: 'fleet.insight.v1',
      subject: 'arm-1',
      data: {
        kind: 'outlier',
        metric: 'current',
        unit: 'A',
        value: 30,
        atMs: startMs + 2_000_000,
        eventId: 'e-2000',
        model: 'tail',
        version: 1,
        falseAlarmsPerRobotDay: 1,
        window: { samples: 1001, fromOffset: 0, toOffset: 2000 },
        evidence: { partition: 0, offsets: [1998, 2000] },
        foldedFrom: 0,
      },
    });
    expect(insightEventSchemas['fleet.insight.v1'].strict().safeParse(event.data).error).toBeUndefined();
  });

  it('are the same on every replay', async () => {
    expect(await verdictsOf(log)).toEqual(await verdictsOf(log));
  });

  it("of a robot do not depend on the partition's other robots", async () => {
    const alone = log.filter(({ key }) => key?.toString() === 'arm-1');
    expect(await verdictsOf(alone)).toEqual(await verdictsOf(log));
  });

  it('do not come from a repeated event, nor from a late one', async () => {
    const spike = log[2000];
    if (spike === undefined) throw new Error('no spike');
    const repeated = [...log.slice(0, 2001), { ...spike, offset: 2001 }, ...log.slice(2002)];
    expect((await verdictsOf(repeated)).map(({ offset }) => offset)).toEqual([2000]);
  });

  it('are not disturbed by what is no event', async () => {
    const garbage = { ...telemetryRecord('arm-1', 1, {}), value: Buffer.from('{') };
    const disturbed = log.map((record) => (record.offset === 1001 ? { ...garbage, offset: 1001 } : record));
    expect((await verdictsOf(disturbed)).map(({ offset }) => offset)).toEqual([2000]);
  });

  it('come from bounded memory: robots that were silent longest are forgotten', async () => {
    const rules = { ...defaultRules, seriesPerPartitionMax: 3 };
    expect(await replayVerdicts(log, rules, 0)).toEqual([]);
  });
});
