import { createHash, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError, toMessage } from '@fleetstream/kernel';
import { assertObjectKey } from './object-key.ts';
import {
  type DownloadedObject,
  type DownloadWatch,
  getSizeBytesMax,
  type ListedObject,
  type ObjectBody,
  type ObjectStore,
} from './port.ts';

/** No key has a name that starts with a dot, so no listing meets what is only half written. */
const unfinishedFolder = '.unfinished';

/** A write that takes longer than this was cut off: its file goes with the next process that writes. */
const unfinishedAgeMsMax = 24 * 60 * 60 * 1000;

/**
 * An object store in a folder, which is made when it is first written to. Several processes may share it, also over a
 * network file system whose rename is atomic.
 */
export function createFileObjectStore(rootDir: string): ObjectStore {
  const folder = join(rootDir, unfinishedFolder);
  let prepared: Promise<void> | undefined;
  const pathOf = (key: string): string => {
    assertObjectKey(key);
    return join(rootDir, key);
  };
  return {
    async put(key, body) {
      const path = pathOf(key);
      await orUnavailable(`write ${key}`, async () => {
        prepared ??= prepareUnfinished(folder);
        await prepared.catch((thrown: unknown) => {
          prepared = undefined;
          throw thrown;
        });
        await writeAtomically(join(folder, randomUUID()), path, body);
      });
    },
    async get(key) {
      const path = pathOf(key);
      return orUnavailable(`read ${key}`, () => ifThere(() => readSmallFile(path, key)));
    },
    async download(key, file, watch = {}) {
      const path = pathOf(key);
      watch.signal?.throwIfAborted();
      return orUnavailable(`download ${key}`, () => downloadFile(path, file, watch));
    },
    async head(key) {
      const path = pathOf(key);
      return orUnavailable(`look at ${key}`, () => ifThere(async () => headOf(await stat(path))));
    },
    list: (prefix) => listFolder(rootDir, prefix),
    async delete(key) {
      const path = pathOf(key);
      await orUnavailable(`delete ${key}`, () => ifThere(() => rm(path)));
    },
  };
}

async function prepareUnfinished(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const stats = await ifThere(() => stat(file));
    if (stats !== undefined && Date.now() - stats.mtimeMs > unfinishedAgeMsMax) await rm(file, { force: true });
  }
}

/** Without the sync of file and folder, a power loss could leave a name with no bytes behind. */
async function writeAtomically(unfinished: string, path: string, body: ObjectBody): Promise<void> {
  try {
    if (!Buffer.isBuffer(body)) await copyFile(body.file, unfinished, constants.COPYFILE_FICLONE);
    const handle = await open(unfinished, Buffer.isBuffer(body) ? 'wx' : 'r+');
    try {
      if (Buffer.isBuffer(body)) await handle.writeFile(body);
      // A cloned or copied file may keep the time of its source; the age of an object counts from now.
      const now = new Date();
      await handle.utimes(now, now);
      await handle.sync();
    } finally {
      await handle.close();
    }
    const created = await mkdir(dirname(path), { recursive: true });
    await rename(unfinished, path);
    await syncFolder(dirname(path));
    if (created !== undefined) await syncFolder(dirname(created));
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}

async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readSmallFile(path: string, key: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size > getSizeBytesMax) throw new AppError('FS_INTERNAL', `${key} has ${size} bytes: download it into a file`);
  return readFile(path);
}

const chunkBytes = 1024 * 1024;

async function downloadFile(path: string, file: string, watch: DownloadWatch): Promise<DownloadedObject | undefined> {
  const from = await ifThere(() => open(path, 'r'));
  if (from === undefined) return undefined;
  try {
    const to = await open(file, 'wx');
    try {
      return await copyHashing(from, to, watch);
    } catch (thrown) {
      await rm(file, { force: true });
      throw thrown;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** One reading serves the copy and the hash: a file of the store is read from its disk once. */
async function copyHashing(from: FileHandle, to: FileHandle, watch: DownloadWatch): Promise<DownloadedObject> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let sizeBytes = 0; ;) {
    watch.signal?.throwIfAborted();
    const { bytesRead } = await from.read(buffer, 0, chunkBytes, sizeBytes);
    if (bytesRead === 0) return { sizeBytes, sha256: hash.digest('hex') };
    const chunk = buffer.subarray(0, bytesRead);
    const writing = to.writeFile(chunk);
    hash.update(chunk);
    await writing;
    sizeBytes += bytesRead;
    await watch.onBytes?.(bytesRead);
  }
}

/** Depth first with `/` counted into a folder's name gives the byte order of whole keys: `a-b` < `a/b` < `a0`. */
async function* listFolder(rootDir: string, prefix: string): AsyncGenerator<ListedObject, void, undefined> {
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (start !== '') assertObjectKey(start.slice(0, -1));
  yield* walk(rootDir, start, prefix);
}

async function* walk(rootDir: string, folder: string, prefix: string): AsyncGenerator<ListedObject, void, undefined> {
  const entries = await orUnavailable(`list ${folder}`, () =>
    ifThere(() => readdir(join(rootDir, folder), { withFileTypes: true })),
  );
  const names = (entries ?? [])
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => folder + entry.name + (entry.isDirectory() ? '/' : ''))
    .filter((name) => name.startsWith(prefix))
    .sort((a, b) => (a < b ? -1 : 1));
  for (const name of names) {
    if (name.endsWith('/')) {
      yield* walk(rootDir, name, prefix);
    } else {
      const stats = await orUnavailable(`look at ${name}`, () => ifThere(() => stat(join(rootDir, name))));
      if (stats !== undefined) yield { key: name, ...headOf(stats) };
    }
  }
}

function headOf(stats: Stats): { sizeBytes: number; modifiedAtMs: number } {
  return { sizeBytes: stats.size, modifiedAtMs: Math.floor(stats.mtimeMs) };
}

async function ifThere<Answer>(act: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await act();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')) {
      return undefined;
    }
    throw thrown;
  }
}

async function orUnavailable<Answer>(what: string, act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (thrown) {
    if (thrown instanceof AppError || isAbort(thrown)) throw thrown;
    throw new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', `Can't ${what}: ${toMessage(thrown)}`, { cause: thrown });
  }
}

/** The caller's own wish is nothing that the store did. */
function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError';
}
