import { link, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, toMessage } from '@fleetstream/kernel';
import { hasErrorCode } from './has-error-code.ts';
import { ManifestDamaged } from './manifest/manifest-damaged.ts';
import { LiveFiles } from './manifest/live-files.ts';
import { mapConcurrently } from './map-concurrently.ts';
import { type LocalCheckpoint } from './port.ts';
import { destroyStateDir } from './state-dir.ts';

/** Compaction can delete a table between our reading of the MANIFEST and the link; four in 383 copies needed one. */
const attemptsMax = 100;
const linksAtOnce = 8;

export interface CopiedFiles {
  readonly files: LocalCheckpoint['files'];
  readonly attempts: number;
}

/** Where the MANIFEST was read to the last time; one for each open database, for as long as it is open. */
export interface ManifestProgress {
  name: string;
  live: LiveFiles;
}

export function createManifestProgress(): ManifestProgress {
  return { name: '', live: new LiveFiles() };
}

/**
 * Copies an open RocksDB of one column family into `targetDir` (made here) while it is written to: the MANIFEST as it
 * was at one moment, put in short; hard links to exactly the tables and blob files that it names; no write-ahead log.
 * What was flushed before the call is in the copy; what came later is in it as whole batches or not at all.
 *
 * Nothing of it is synced to the disk: a copy is uploaded by the process that made it, and deleted unread by the next one.
 * Neither linking every table that lies in the folder nor copying the log too gives that: both were silently wrong.
 */
export async function copyLiveFiles(
  dir: string,
  targetDir: string,
  progress = createManifestProgress(),
): Promise<CopiedFiles> {
  for (let attempts = 1; ; attempts++) {
    try {
      await destroyStateDir(targetDir);
      await mkdir(targetDir, { recursive: true });
      return { files: await copyOnce(dir, targetDir, progress), attempts };
    } catch (thrown) {
      // What was understood of a MANIFEST that doesn't make sense is forgotten with it.
      if (thrown instanceof ManifestDamaged) progress.name = '';
      const mayPass = thrown instanceof ManifestDamaged || hasErrorCode(thrown, 'ENOENT');
      if (!mayPass) throw thrown;
      if (attempts === attemptsMax) {
        const code = thrown instanceof ManifestDamaged ? 'FS_STATE_DAMAGED' : 'FS_STATE_UNAVAILABLE';
        throw new AppError(code, `No copy of ${dir} in ${attemptsMax} attempts: ${toMessage(thrown)}`, {
          cause: thrown,
        });
      }
    }
  }
}

async function copyOnce(dir: string, targetDir: string, progress: ManifestProgress): Promise<LocalCheckpoint['files']> {
  const current = await readFile(join(dir, 'CURRENT'), 'utf8');
  const manifestName = current.trimEnd();
  if (!/^MANIFEST-\d+$/.test(manifestName)) throw new ManifestDamaged('CURRENT names no MANIFEST');
  if (progress.name !== manifestName) Object.assign(progress, { name: manifestName, live: new LiveFiles() });
  const { live } = progress;
  live.read(await readToPresentEnd(join(dir, manifestName), live.endBytes));
  const linked = live.files();
  await mapConcurrently(linked, linksAtOnce, async ({ name, sizeBytes }) => {
    await link(join(dir, name), join(targetDir, name));
    const { size } = await stat(join(targetDir, name));
    if (size !== sizeBytes) throw new ManifestDamaged(`${name} has ${size} bytes, not ${sizeBytes}`);
  });
  const written = [{ name: manifestName, bytes: live.toManifest() }];
  const options = (await readdir(dir)).filter((name) => /^OPTIONS-\d+$/.test(name)).sort();
  // The newest only; nothing but `ldb` and people read it.
  for (const name of options.slice(-1)) written.push({ name, bytes: await readFile(join(dir, name)) });
  // The name of the MANIFEST, written last: a folder without it is recognised as unfinished.
  written.push({ name: 'CURRENT', bytes: Buffer.from(current) });
  for (const { name, bytes } of written) await writeFile(join(targetDir, name), bytes, { flag: 'wx' });
  return [...linked, ...written.map(({ name, bytes }) => ({ name, sizeBytes: bytes.length }))];
}

/** To where the file ended when we looked: what is appended meanwhile belongs to the next copy. */
async function readToPresentEnd(file: string, startBytes: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = Buffer.alloc(Math.max(0, size - startBytes));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, startBytes);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
