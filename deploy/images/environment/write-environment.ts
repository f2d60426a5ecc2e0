import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type EnvironmentVariable, fillEnvironment } from './fill-environment.ts';

/** Fills in a file that only its owner may read; returns the names of what was made. It is whole at every moment. */
export function writeEnvironment(file: string, variables: readonly EnvironmentVariable[]): readonly string[] {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { text, made } = fillEnvironment(before, variables);
  if (text !== before) {
    const part = `${file}.part`;
    writeFileSync(part, text, { mode: 0o600 });
    chmodSync(part, 0o600);
    renameSync(part, file);
  }
  chmodSync(file, 0o600);
  return made;
}
