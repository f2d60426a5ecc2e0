import { parseVerdict, type SaidVerdict, verifyVerdicts } from '@fleetstream/anomaly-model';
import { topics } from '@fleetstream/contracts';
import { fetchOffsets, readLog } from '@fleetstream/kafka';
import { type LocalLayout } from '../local-layout.ts';
import { createLocalKafka } from './start-platform.ts';

export interface InsightFigures {
  /** Verdicts in `fleet.insights`. */
  readonly insights: number;
  /** Verdicts that don't follow from the log, or were said more than once. */
  readonly insightMismatches: number;
}

/** Shows the model the log again from where each verdict says it began; every verdict must come out, byte for byte. */
export async function verifyInsights(layout: LocalLayout): Promise<InsightFigures> {
  const kafka = createLocalKafka(layout);
  const said: SaidVerdict[] = [];
  let unreadable = 0;
  for await (const { value } of readLog({ kafka, topic: topics.insights })) {
    const verdict = value === null ? undefined : parseVerdict(value.toString());
    if (verdict === undefined) unreadable += 1;
    else said.push(verdict);
  }
  const ranges = await fetchOffsets(kafka, topics.events, 'uncommitted');
  const { refuted, repeated } = await verifyVerdicts(said, (partition, fromOffset, throughOffset) =>
    readLog({
      kafka,
      topic: topics.events,
      partitions: [partition],
      fromOffsets: new Map([[partition, fromOffset]]),
      // A verdict on what the log does not have is to be refuted, not waited for.
      untilOffsets: new Map([[partition, Math.min(throughOffset + 1, ranges.get(partition)?.end ?? 0)]]),
      isolation: 'uncommitted',
    }),
  );
  return { insights: said.length + unreadable, insightMismatches: unreadable + refuted.length + repeated.length };
}
