import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Tables of a state: a few hundred a partition at most. */
const cachedFilesMax = 20_000;
const chunkBytes = 256 * 1024;

export interface FileHashes {
  /** SHA-256 of a file that doesn't change any more, in hex. */
  hash(file: string): Promise<string>;
}

/**
 * Remembers hashes of tables from checkpoint to checkpoint, which hard-link the same files.
 *
 * By identity on the disk, never by name: after a restore RocksDB gives the numbers of old tables to new ones.
 */
export function createFileHashes(): FileHashes {
  const known = new Map<string, string>();
  return {
    async hash(file) {
      const { dev, ino, birthtimeNs, mtimeNs, size } = await stat(file, { bigint: true });
      const identity = [dev, ino, birthtimeNs, mtimeNs, size].join(':');
      const remembered = known.get(identity);
      const sha256 = remembered ?? (await hashFile(file));
      // Inserted anew, so that the first in the map is the one that wasn't asked for longest.
      known.delete(identity);
      known.set(identity, sha256);
      for (const oldest of known.keys()) {
        if (known.size <= cachedFilesMax) break;
        known.delete(oldest);
      }
      return sha256;
    },
  };
}

/** SHA-256 of a file's bytes as they are now, in hex. */
async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
