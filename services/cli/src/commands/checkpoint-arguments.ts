import { failUsage } from '../cli-failure.ts';

/** A whole number from 0, as an argument or a flag gives it. */
export function toCount(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  return failUsage(`${name}: a whole number, not "${text}"`);
}

export function assertNoMore(words: readonly string[]): void {
  if (words.length > 0) failUsage(`"${words.join(' ')}" is too much`);
}
