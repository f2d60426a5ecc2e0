import { statSync } from 'node:fs';
import { localTools } from './local-tools.ts';

/** Whether set-up installed something after this moment: then the command that waits for it isn't a warm start. */
export function wasInstalledSince(atMs: number): boolean {
  try {
    return statSync(localTools().installedFile).mtimeMs >= atMs;
  } catch {
    return false;
  }
}
