export interface CountFlag {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly fallback: number;
}

/** A whole number out of a flag's text; what is wrong with it goes to `problems`. */
export function countFlag(text: string | undefined, flag: CountFlag, problems: string[]): number {
  if (text === undefined) return flag.fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= flag.least && value <= flag.most) return value;
  problems.push(`--${flag.name} takes a whole number from ${flag.least} to ${flag.most}, not "${text}"`);
  return flag.fallback;
}
