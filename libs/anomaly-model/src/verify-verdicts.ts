import { type InsightData, insightEventSchemas } from '@fleetstream/contracts';
import { defaultRules } from './detector-rules.ts';
import { type ReplayRecord } from './read-robot-record.ts';
import { replayVerdicts } from './replay-verdicts.ts';

/** A verdict of the built-in model as it lies in `fleet.insights`. */
export interface SaidVerdict {
  readonly id: string;
  readonly text: string;
  readonly data: InsightData;
}

/** @returns undefined for what is no verdict */
export function parseVerdict(text: string): SaidVerdict | undefined {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { id, data } = (event ?? {}) as { id?: unknown; data?: unknown };
  const parsed = insightEventSchemas['fleet.insight.v1'].safeParse(data);
  return typeof id === 'string' && parsed.success ? { id, text, data: parsed.data } : undefined;
}

export interface VerdictCheck {
  /** Verdicts that the replay gave byte for byte. */
  readonly confirmed: number;
  /** Ids of those that it did not give, or gave otherwise. */
  readonly refuted: readonly string[];
  /** Ids said more than once. */
  readonly repeated: readonly string[];
}

/**
 * Whether verdicts follow from the log: shows the model each partition again from where it was first shown it.
 *
 * @param said all of `fleet.insights` that is to be checked, of any partition
 * @param read the records of `fleet.events` of one partition, from one offset through another, in order
 */
export async function verifyVerdicts(
  said: readonly SaidVerdict[],
  read: (partition: number, fromOffset: number, throughOffset: number) => AsyncIterable<ReplayRecord>,
): Promise<VerdictCheck> {
  const refuted: string[] = [];
  let confirmed = 0;
  for (const verdicts of groupByReplay(said)) {
    const [first] = verdicts;
    if (first === undefined) continue;
    const { evidence, foldedFrom, falseAlarmsPerRobotDay } = first.data;
    const through = verdicts.reduce((last, { data }) => Math.max(last, data.window.toOffset), 0);
    const rules = { ...defaultRules, falseAlarmsPerRobotDay };
    const records = read(evidence.partition, foldedFrom, through);
    const replayed = new Set((await replayVerdicts(records, rules, foldedFrom)).map(({ value }) => value));
    for (const { id, text } of verdicts) {
      if (replayed.has(text)) confirmed++;
      else refuted.push(id);
    }
  }
  const seen = new Set<string>();
  const repeated = said.flatMap(({ id }) => (seen.size === seen.add(id).size ? [id] : []));
  return { confirmed, refuted, repeated };
}

/** Those that one replay of one partition gives. */
function groupByReplay(said: readonly SaidVerdict[]): Iterable<SaidVerdict[]> {
  const groups = new Map<string, SaidVerdict[]>();
  for (const verdict of said) {
    const { evidence, foldedFrom, falseAlarmsPerRobotDay } = verdict.data;
    const name = `${evidence.partition}/${foldedFrom}/${falseAlarmsPerRobotDay}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [verdict]);
    else group.push(verdict);
  }
  return groups.values();
}
