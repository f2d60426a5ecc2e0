import { type Group, noStateRecords } from './assignable-group.ts';

/** An even spread is worth this many records of refolding for each copy more; never worth a copy from nothing. */
const evennessRecords = 1000;
/** Who keeps a copy goes on, though another's old state came as far at the moment of asking. */
const changeRecords = 500;

/**
 * Who keeps a copy of what: `replicas` holders of each partition beside its owner, and those that are warming up to
 * own it. One owner's copies are spread over the others, so that its share can be taken over evenly.
 *
 * @returns the holders of each partition, as places in the group
 */
export function placeStandbys(
  group: Group,
  owners: ReadonlyMap<number, number>,
  warming: ReadonlyMap<number, number>,
  replicas: number,
): Map<number, readonly number[]> {
  const kept = group.members.map(() => 0);
  const keptOf = new Map<string, number>();
  const held = group.members.map((_, index) => [...owners.values()].filter((owner) => owner === index).length);
  const placed = new Map<number, readonly number[]>();
  for (const [partition, owner] of owners) {
    const target = warming.get(partition);
    const cost = (index: number) => {
      const spread = (kept[index] ?? 0) + (held[index] ?? 0) + 2 * (keptOf.get(`${owner} ${index}`) ?? 0);
      const change = group.hasCopy(partition, index) ? 0 : changeRecords;
      const behind = group.behind(partition, index);
      return Math.min(behind, noStateRecords) + change + Math.min(spread * evennessRecords, noStateRecords / 2);
    };
    const holders = group.members
      .map((_, index) => index)
      .filter((index) => index !== owner && index !== target && group.keepsCopies(index))
      .map((index) => ({ index, cost: cost(index) }))
      .sort((a, b) => a.cost - b.cost || a.index - b.index)
      .slice(0, replicas)
      .map(({ index }) => index);
    if (target !== undefined) holders.push(target);
    for (const index of holders) {
      kept[index] = (kept[index] ?? 0) + 1;
      keptOf.set(`${owner} ${index}`, (keptOf.get(`${owner} ${index}`) ?? 0) + 1);
    }
    placed.set(partition, holders);
  }
  return placed;
}
