import { type CapsuleDifference } from '@fleetstream/robot-model';

/** What is shown of two texts around the place where they part. */
const beforeChars = 40;
const shownChars = 160;

/** A difference for a person: where it is, and both sides from just before they part. */
export function toDifferenceLines({ what, index, told, folded }: CapsuleDifference): string[] {
  const name = what === 'state' ? 'state after' : `output ${index}`;
  if (told === undefined) return [`${name} is new:`, `  + ${cut(folded ?? '', 0)}`];
  if (folded === undefined) return [`${name} is gone:`, `  - ${cut(told, 0)}`];
  const at = partAt(told, folded);
  return [`${name} differs from character ${at} on:`, `  - ${cut(told, at)}`, `  + ${cut(folded, at)}`];
}

function partAt(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

function cut(text: string, at: number): string {
  const from = Math.max(0, at - beforeChars);
  const until = from + shownChars;
  return `${from > 0 ? '…' : ''}${text.slice(from, until)}${until < text.length ? '…' : ''}`;
}
