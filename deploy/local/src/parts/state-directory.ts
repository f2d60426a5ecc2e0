import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { type LocalLayout } from '../local-layout.ts';

/**
 * Makes the state directory, or takes up the one there is. `fresh` empties it first.
 *
 * @throws AppError FS_CONFIG_INVALID when the directory holds things but not our marker: it is somebody else's.
 */
export function openStateDirectory(layout: LocalLayout, fresh: boolean): void {
  const found = existsSync(layout.stateDir) ? readdirSync(layout.stateDir) : [];
  if (found.length > 0 && !existsSync(layout.markerFile)) {
    throw new AppError(
      'FS_CONFIG_INVALID',
      `${layout.stateDir} holds files that are not of a local run. Name another directory with --state-dir.`,
    );
  }
  // The marker goes last: a deletion that is cut short is still known as ours.
  const last = found.filter((name) => join(layout.stateDir, name) === layout.markerFile);
  const ordered = [...found.filter((name) => !last.includes(name)), ...last];
  if (fresh) for (const name of ordered) rmSync(join(layout.stateDir, name), { recursive: true, force: true });
  mkdirSync(layout.logsDir, { recursive: true });
  writeFileSync(
    layout.markerFile,
    'Made by "npm start" of Fleetstream; "npm start -- --fresh" empties this directory.\n',
  );
}
