/** A member as the one that assigns sees it. */
export interface AssignableMember {
  readonly memberId: string;
  /** The offset that its state of a partition has reached, for each partition it has state of. */
  readonly stateOffsets: ReadonlyMap<number, number>;
  /** What it was given in `generation`, and has given up nothing of since. */
  readonly owned?: readonly number[];
  readonly generation?: number;
  /** Copies of others' partitions that it keeps. */
  readonly standbys?: readonly number[];
  /** Those of them that have caught up, as it saw itself when it told its offsets. */
  readonly warm?: readonly number[];
  /** Whether it can keep such copies at all. */
  readonly keepsCopies?: boolean;
}

/** A member without state fetches a checkpoint, whose cost doesn't grow with the log: an upper bound, in records. */
export const noStateRecords = 1_000_000;

/** What the members say about themselves, by their place in the sorted list. */
export class Group {
  readonly members: readonly AssignableMember[];
  readonly #warmRecords: number;
  readonly #newest = new Map<number, number>();
  readonly #owner = new Map<number, number>();

  constructor(members: readonly AssignableMember[], warmRecords: number) {
    this.members = members;
    this.#warmRecords = warmRecords;
    members.forEach(({ stateOffsets, owned = [] }, index) => {
      for (const [partition, offset] of stateOffsets) {
        this.#newest.set(partition, Math.max(offset, this.#newest.get(partition) ?? 0));
      }
      for (const partition of owned) if (this.#outranks(index, partition)) this.#owner.set(partition, index);
    });
  }

  /** How many records the member would have to fold until it is where the furthest one is. */
  behind(partition: number, index: number): number {
    const newest = this.#newest.get(partition) ?? 0;
    return Math.min(noStateRecords, newest - (this.members[index]?.stateOffsets.get(partition) ?? 0));
  }

  isWarm(partition: number, index: number): boolean {
    const saysSo = this.members[index]?.warm?.includes(partition) ?? false;
    return saysSo || this.behind(partition, index) <= this.#warmRecords;
  }

  /** Whether it keeps a copy now: state alone may be of long ago, and nobody follows the log with it. */
  hasCopy(partition: number, index: number): boolean {
    return this.members[index]?.standbys?.includes(partition) ?? false;
  }

  keepsCopies(index: number): boolean {
    return this.members[index]?.keepsCopies ?? false;
  }

  moveCost(partition: number, index: number): number {
    return this.#owner.get(partition) === index ? 0 : 1 + this.behind(partition, index);
  }

  /** Who has the partition for now, when `target` should have it. */
  ownerUntilWarm(partition: number, target: number): number {
    if (this.isWarm(partition, target) || !this.keepsCopies(target)) return target;
    return this.#owner.get(partition) ?? this.#warmest(partition) ?? target;
  }

  #warmest(partition: number): number | undefined {
    let best: number | undefined;
    this.members.forEach((_, index) => {
      if (!this.isWarm(partition, index)) return;
      if (best === undefined || this.behind(partition, index) < this.behind(partition, best)) best = index;
    });
    return best;
  }

  /** A member that was shut out and came back still claims what others were given in a later generation. */
  #outranks(index: number, partition: number): boolean {
    const other = this.#owner.get(partition);
    if (other === undefined) return true;
    return (this.members[index]?.generation ?? -1) > (this.members[other]?.generation ?? -1);
  }
}
