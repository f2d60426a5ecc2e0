import { type CapsuleOutput, topics } from '@fleetstream/contracts';
import { type FoldOutput } from '@fleetstream/kernel';

/**
 * The outputs that a fold made, each with what its topic really holds of it: outputs are told by their ids, dead letters
 * by their bytes. What a topic has lost (compaction, retention) is the fold's own.
 */
export function matchOutputs(folded: readonly FoldOutput[], committed: readonly FoldOutput[]): CapsuleOutput[] {
  const found = new Map<string, FoldOutput>();
  for (const output of committed) found.set(toIdentity(output), output);
  return folded.map((output) => {
    const { topic, key, value } = found.get(toIdentity(output)) ?? output;
    return { topic, key, value, isCommitted: found.has(toIdentity(output)) };
  });
}

function toIdentity({ topic, value }: FoldOutput): string {
  if (value === null || topic === topics.deadLetters) return `${topic} ${String(value)}`;
  return `${topic} ${(JSON.parse(value) as { id: string }).id}`;
}
