import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const pollMs = 250;

/** Runs `work` while no other set-up of this user runs; a lock left by a dead process is taken over. */
export async function withSetupLock(cacheDir, onWait, work) {
  const lockDir = join(cacheDir, 'setup.lock');
  const ownerFile = join(lockDir, 'pid');
  mkdirSync(cacheDir, { recursive: true });
  for (let waited = false; !tryLock(lockDir, ownerFile); waited = true) {
    const owner = readOwner(ownerFile);
    if (owner !== undefined && !isAlive(owner)) {
      rmSync(lockDir, { recursive: true, force: true });
      continue;
    }
    if (!waited) onWait(owner);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const release = () => rmSync(lockDir, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

function tryLock(lockDir, ownerFile) {
  try {
    mkdirSync(lockDir);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(ownerFile, String(process.pid));
  return true;
}

// Undefined for the moment between making the folder and writing the number.
function readOwner(ownerFile) {
  try {
    return Number(readFileSync(ownerFile, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
