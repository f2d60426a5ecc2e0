import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { hasErrorCode } from './has-error-code.ts';
import { toStateError } from './state-error.ts';

/** Whether `dir` holds a state that was created or restored to its end: `CURRENT` is the last file of both. */
export async function stateDirExists(dir: string): Promise<boolean> {
  try {
    return (await stat(join(dir, 'CURRENT'))).isFile();
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT', 'ENOTDIR')) return false;
    throw toStateError(thrown, `Can't look into ${dir}`);
  }
}

/**
 * Deletes a state or a copy that isn't open; what isn't there is no error.
 *
 * Renames first: a deletion that is cut off halfway would leave a folder that still looks like a state, and opening
 * one without its CURRENT deletes its tables.
 */
export async function destroyStateDir(dir: string): Promise<void> {
  const doomed = `${dir}.doomed-${randomUUID()}`;
  try {
    await rename(dir, doomed);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return;
    throw toStateError(thrown, `Can't set ${dir} aside`);
  }
  try {
    await rm(doomed, { recursive: true, force: true });
  } catch (thrown) {
    throw toStateError(thrown, `Can't delete ${doomed}`);
  }
}

/** Copies and restored states are new folders: what already lies there is somebody's. */
export async function assertAbsent(dir: string): Promise<void> {
  try {
    await stat(dir);
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return;
    throw toStateError(thrown, `Can't look into ${dir}`);
  }
  throw new AppError('FS_INTERNAL', `${dir} exists already`);
}
