import { type ObjectStore } from '@fleetstream/object-store';
import { mapConcurrently } from '../map-concurrently.ts';
import { parseManifestText } from './manifest-text.ts';
import { type ListedCheckpoint } from './port.ts';

const readsAtOnce = 4;

/** Keys of manifests, newest first: their order is that of the applied offset, then of the time. */
export async function listManifestKeys(objects: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys.reverse();
}

/** Reads manifests, in the order of their keys; one that was deleted meanwhile is left out. */
export async function readManifests(objects: ObjectStore, keys: readonly string[]): Promise<ListedCheckpoint[]> {
  const listed = await mapConcurrently(keys, readsAtOnce, (key) => readManifest(objects, key));
  return listed.filter((checkpoint) => checkpoint !== undefined);
}

export async function readManifest(objects: ObjectStore, manifestKey: string): Promise<ListedCheckpoint | undefined> {
  const text = await objects.get(manifestKey);
  if (text === undefined) return undefined;
  const parsed = parseManifestText(text.toString('utf8'));
  switch (parsed.kind) {
    case 'manifest':
      return { kind: 'readable', manifestKey, manifest: parsed.manifest };
    case 'damaged':
      return { kind: 'unreadable', manifestKey, skip: 'manifest-damaged', detail: parsed.detail };
    case 'too-new':
      return { kind: 'unreadable', manifestKey, skip: 'manifest-too-new', detail: parsed.detail };
  }
}
