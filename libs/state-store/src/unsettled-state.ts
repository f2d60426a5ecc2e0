import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Log, toMessage } from '@fleetstream/kernel';
import { syncPath, writeDurably } from './durable-files.ts';
import { hasErrorCode } from './has-error-code.ts';

/**
 * A restored state is used before its files have reached the disk: a gigabyte takes seconds to get there, and a killed
 * process loses none of it. What would lose it is an end of the system itself. So a mark lies in the folder, on the disk
 * before anything else of it, that names the system's life; it goes when everything else is on the disk as well. A mark
 * of another life means that files may be short or empty, whatever their names say.
 *
 * restored → unsettled → settled, or → lost with the system.
 */
const markPrefix = 'UNSETTLED-';
const bootIdFile = '/proc/sys/kernel/random/boot_id';

/** Another one each time the system starts; `undefined` where it doesn't tell. */
export async function readBootId(): Promise<string | undefined> {
  try {
    return (await readFile(bootIdFile, 'utf8')).trim();
  } catch {
    return undefined;
  }
}

/** @returns whether the folder may be left unsettled: without a name of the system's life it must not */
export async function markUnsettled(dir: string, bootId: string | undefined): Promise<boolean> {
  if (bootId === undefined) return false;
  await writeDurably(join(dir, markPrefix + randomUUID()), Buffer.from(bootId));
  await syncPath(dir);
  return true;
}

/** @throws AppError FS_STATE_DAMAGED when the system has ended since `dir` was restored and before it was settled */
export async function assertNotLost(dir: string, bootId: string | undefined): Promise<void> {
  for (const mark of await marksIn(dir)) {
    if ((await readFile(join(dir, mark), 'utf8')) === bootId) continue;
    throw new AppError(
      'FS_STATE_DAMAGED',
      `${dir} was restored shortly before the system ended, and may be incomplete`,
    );
  }
}

export interface Settling {
  /** Resolves when nothing is done any more; what isn't settled then is settled by whoever opens it next. */
  stop(): Promise<void>;
}

/** Gets an unsettled state to the disk, file by file, beside its use; then takes the mark away. */
export function startSettling(dir: string, log: Log): Settling {
  const state = { stopped: false };
  const work = settle(dir, state).catch((thrown: unknown) => {
    // The mark stays, so the state is restored again should the system end; nothing else is lost.
    log.warn({ dir, reason: toMessage(thrown) }, 'a restored state could not be brought to the disk');
  });
  return {
    stop: async () => {
      state.stopped = true;
      await work;
    },
  };
}

async function settle(dir: string, state: { readonly stopped: boolean }): Promise<void> {
  const marks = await marksIn(dir);
  if (marks.length === 0) return;
  for (const name of await readdir(dir)) {
    if (state.stopped) return;
    await syncIfThere(join(dir, name));
  }
  await syncPath(dir);
  for (const mark of marks) await rm(join(dir, mark), { force: true });
}

/** Compactions delete files meanwhile, and what they write instead the database brings to the disk itself. */
async function syncIfThere(file: string): Promise<void> {
  let handle;
  try {
    handle = await open(file, 'r');
  } catch (thrown) {
    if (hasErrorCode(thrown, 'ENOENT')) return;
    throw thrown;
  }
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function marksIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.startsWith(markPrefix));
}
