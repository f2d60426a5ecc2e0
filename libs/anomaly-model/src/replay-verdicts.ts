import { type AnomalyModel } from './anomaly-model.ts';
import { type DetectorRules } from './detector-rules.ts';
import { readRobotRecord, type ReplayRecord } from './read-robot-record.ts';
import { createTailDetector } from './tail-detector.ts';
import { toVerdict, type Verdict } from './to-verdict.ts';

/**
 * The verdicts that the built-in model gives of a stretch of **one** partition, shown to it in order from the first
 * record on. The service's verdicts with `foldedFrom` = that record's offset are among them, byte for byte.
 */
export async function replayVerdicts(
  records: Iterable<ReplayRecord> | AsyncIterable<ReplayRecord>,
  rules: DetectorRules,
  foldedFrom: number,
): Promise<Verdict[]> {
  const model: AnomalyModel = createTailDetector(rules);
  const session = model.open();
  const verdicts: Verdict[] = [];
  for await (const record of records) {
    const read = readRobotRecord(record);
    if (read.kind !== 'robot') continue;
    const [score] = await session.score([read.record]);
    if (score?.kind !== 'scored') continue;
    for (const finding of score.findings) verdicts.push(toVerdict(model, read.record, finding, foldedFrom));
  }
  return verdicts;
}
