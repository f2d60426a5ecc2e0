import { randomBytes } from 'node:crypto';

/** A variable of an `.env` file, and how its value comes about. */
export interface EnvironmentVariable {
  readonly name: string;
  /** What it is for; a line above it. */
  readonly comment: string;
  /** Called only when the file has no value for it. */
  readonly make: () => string;
}

/** Characters that no shell, URL or Compose file reads in a way of its own. */
export const randomHex = (sizeBytes: number) => (): string => randomBytes(sizeBytes).toString('hex');
export const randomBase64 = (sizeBytes: number) => (): string => randomBytes(sizeBytes).toString('base64');

/**
 * The text of an `.env` file with every variable in it: lines that are there stay as they are, those without a value get
 * one, missing ones are added at the end. Filling in the result again changes nothing.
 */
export function fillEnvironment(
  text: string,
  variables: readonly EnvironmentVariable[],
): { readonly text: string; readonly made: readonly string[] } {
  const made: string[] = [];
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  for (const { name, comment, make } of variables) {
    const index = lines.findIndex((line) => line.startsWith(`${name}=`));
    if (index !== -1 && lines[index] !== `${name}=`) continue;
    const value = make();
    const line = `${name}=${value}`;
    if (index === -1) lines.push(`# ${comment}`, line);
    else lines[index] = line;
    if (value !== '') made.push(name);
  }
  return { text: `${lines.join('\n')}\n`, made };
}
