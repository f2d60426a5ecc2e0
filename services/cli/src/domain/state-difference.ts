export interface KeyedState {
  readonly key: string;
  readonly stateText: string;
}

export interface StateDifference {
  readonly same: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What became of each robot between two moments. Both sides in key order, by UTF-8 bytes. */
export async function findStateDifference(
  before: AsyncIterable<KeyedState>,
  after: AsyncIterable<KeyedState>,
): Promise<StateDifference> {
  const added: string[] = [];
  const changed: string[] = [];
  const removed: string[] = [];
  let same = 0;
  const left = before[Symbol.asyncIterator]();
  const right = after[Symbol.asyncIterator]();
  let [a, b] = [await left.next(), await right.next()];
  while (a.done !== true || b.done !== true) {
    const order = a.done === true ? 1 : b.done === true ? -1 : compareKeys(keyOf(a), keyOf(b));
    if (order < 0) removed.push(keyOf(a));
    else if (order > 0) added.push(keyOf(b));
    else if (textOf(a) === textOf(b)) same += 1;
    else changed.push(keyOf(a));
    if (order <= 0) a = await left.next();
    if (order >= 0) b = await right.next();
  }
  return { same, added, changed, removed };
}

function keyOf(result: IteratorResult<KeyedState, unknown>): string {
  return result.done === true ? '' : result.value.key;
}

function textOf(result: IteratorResult<KeyedState, unknown>): string {
  return result.done === true ? '' : result.value.stateText;
}

export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
