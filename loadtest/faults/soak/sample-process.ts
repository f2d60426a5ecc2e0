import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

const kib = 1024;

/** Memory that a process has in use, from Linux' own books. */
export async function readRssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * kib;
}

export async function countFileDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Linux counts a file's blocks in these, whatever the file system's own are. */
const blockBytes = 512;

/** The bytes on the disk of a folder's files, those below it included; what goes away meanwhile counts for nothing. */
export async function readFolderBytes(dir: string, isCounted: (path: string) => boolean = () => true): Promise<number> {
  const entries = await readdir(dir, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.filter(isCounted).map((name) =>
      stat(join(dir, name)).then(
        (found) => (found.isFile() ? found.blocks * blockBytes : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
