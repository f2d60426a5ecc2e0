import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, toMessage } from '@fleetstream/kernel';
import { readAppliedPosition, stateDirExists } from '@fleetstream/state-store';
import { partitionDirs } from '@fleetstream/stream-engine';

/**
 * Which partitions have state in `stateDir`, and how far each reaches. What can't be read is left out: it is only
 * asked so that the group can give a partition to who has the least to refold.
 */
export async function findLocalStates(stateDir: string, log: Log): Promise<Map<number, number>> {
  await mkdir(stateDir, { recursive: true });
  const found = new Map<number, number>();
  for (const name of await readdir(stateDir)) {
    if (!/^\d+$/.test(name)) continue;
    const partition = Number(name);
    const { state } = partitionDirs(stateDir, partition);
    try {
      if (await stateDirExists(state)) found.set(partition, (await readAppliedPosition(state)).appliedOffset);
    } catch (thrown) {
      log.warn({ partition, reason: toMessage(thrown) }, 'a local state could not be looked at');
    }
  }
  return found;
}

const memberFile = 'member-id';

/** The group member that last used this folder; `undefined` when there was none. */
export async function readFormerMember(stateDir: string): Promise<string | undefined> {
  try {
    return await readFile(join(stateDir, memberFile), 'utf8');
  } catch {
    // A new folder. Without the id the group only waits for the former member's session to run out.
    return undefined;
  }
}

export async function noteMember(stateDir: string, memberId: string, log: Log): Promise<void> {
  try {
    await writeFile(join(stateDir, memberFile), memberId);
  } catch (thrown) {
    log.warn({ reason: toMessage(thrown) }, 'the member id could not be noted; a restart waits for the session');
  }
}
