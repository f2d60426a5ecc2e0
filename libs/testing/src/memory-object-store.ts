import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { AppError, type Clock, systemClock } from '@fleetstream/kernel';
import {
  assertObjectKey,
  getSizeBytesMax,
  type ListedObject,
  type ObjectBody,
  type ObjectStore,
} from '@fleetstream/object-store';

/** An object store in memory. Tests damage it through `objects`, and make it fail by `failWith`. */
export interface MemoryObjectStore extends ObjectStore {
  readonly objects: Map<string, { readonly bytes: Buffer; readonly modifiedAtMs: number }>;
  /** Every call rejects with this until it is called with `undefined`. */
  failWith(error: Error | undefined): void;
}

export function createMemoryObjectStore(clock: Clock = systemClock): MemoryObjectStore {
  const objects: MemoryObjectStore['objects'] = new Map();
  let failure: Error | undefined;
  const find = async (key: string): Promise<{ bytes: Buffer; modifiedAtMs: number } | undefined> => {
    assertObjectKey(key);
    await Promise.resolve();
    if (failure !== undefined) throw failure;
    return objects.get(key);
  };
  return {
    objects,
    failWith(error) {
      failure = error;
    },
    async put(key: string, body: ObjectBody) {
      const bytes = Buffer.isBuffer(body) ? Buffer.from(body) : await readFile(body.file);
      await find(key);
      objects.set(key, { bytes, modifiedAtMs: clock.nowMs() });
    },
    async get(key) {
      const found = await find(key);
      if (found !== undefined && found.bytes.length > getSizeBytesMax) {
        throw new AppError('FS_INTERNAL', `${key} has ${found.bytes.length} bytes: download it into a file`);
      }
      return found && Buffer.from(found.bytes);
    },
    async download(key, file, { onBytes, signal } = {}) {
      const found = await find(key);
      if (found === undefined) return undefined;
      const { bytes } = found;
      await onBytes?.(bytes.length);
      signal?.throwIfAborted();
      await writeFile(file, bytes, { flag: 'wx' });
      return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    async head(key) {
      const found = await find(key);
      return found && { sizeBytes: found.bytes.length, modifiedAtMs: found.modifiedAtMs };
    },
    list: (prefix) => listed(objects, prefix, () => failure),
    async delete(key) {
      await find(key);
      objects.delete(key);
    },
  };
}

async function* listed(
  objects: MemoryObjectStore['objects'],
  prefix: string,
  failure: () => Error | undefined,
): AsyncGenerator<ListedObject, void, undefined> {
  await Promise.resolve();
  const thrown = failure();
  if (thrown !== undefined) throw thrown;
  for (const key of [...objects.keys()].filter((one) => one.startsWith(prefix)).sort()) {
    const object = objects.get(key);
    if (object !== undefined) yield { key, sizeBytes: object.bytes.length, modifiedAtMs: object.modifiedAtMs };
  }
}
