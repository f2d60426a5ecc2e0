import { AppError } from '@fleetstream/kernel';
import {
  type CheckpointManifest,
  type CheckpointStore,
  type ListedCheckpoint,
  type SkippedCheckpoint,
} from '@fleetstream/state-store';
import { fromFiles, toFiles } from './memory-disk.ts';
import { type MemoryProcess } from './memory-process.ts';
import { type MemoryWorld } from './memory-world.ts';
import { soundRules } from './world-rules.ts';

const retain = 2;
const unavailable = 'FS_CHECKPOINT_STORE_UNAVAILABLE';

/** Checkpoints by content in the world's objects: files first, the manifest last, collection by reference. */
export function createMemoryCheckpoints(process: MemoryProcess): CheckpointStore {
  const { world, disk } = process;
  return {
    upload: async (partition, local, meta) => {
      await process.step('upload begins', unavailable);
      const state = disk.get(local.dir);
      if (state === undefined) throw new AppError(unavailable, 'the copy is gone');
      const files = toFiles(state).map(([name, text]) => ({ name, sizeBytes: text.length, sha256: text }));
      const { appliedOffset, logTimeMs } = state;
      const createdAtMs = world.timeMs;
      const isLate = () => world.timeMs - createdAtMs > soundRules.graceMs;
      const manifest: CheckpointManifest = { ...meta, partition, appliedOffset, logTimeMs, createdAtMs, files };
      const manifestKey = `${String(appliedOffset).padStart(8, '0')}-${String(createdAtMs).padStart(8, '0')}`;
      const putManifest = async () => {
        await process.step(`puts the manifest of ${appliedOffset}`, unavailable);
        world.manifests.set(manifestKey, { manifest, late: isLate() });
        await process.step('the manifest is there');
        if (!isLate()) return;
        world.manifests.delete(manifestKey);
        throw new AppError(unavailable, 'the upload took too long');
      };
      if (!world.rules.manifestLast) await putManifest();
      await putObjects(process, files);
      if (world.rules.manifestLast) await putManifest();
      await dropOld(process, manifestKey);
      const figures = { fileCount: files.length, uploadedBytes: 1, reusedBytes: 0, createdAtMs };
      return { manifestKey, appliedOffset, logTimeMs, ...figures };
    },
    list: async () => {
      await process.step('lists checkpoints', unavailable);
      return newestFirst(world).map(([manifestKey, { manifest }]): ListedCheckpoint => ({
        kind: 'readable',
        manifestKey,
        manifest,
      }));
    },
    restore: async (_partition, targetDir, { endOffset }) => {
      await process.step('restore lists', unavailable);
      const skipped: SkippedCheckpoint[] = [];
      for (const [manifestKey, { manifest, late }] of newestFirst(world)) {
        const skip =
          manifest.appliedOffset > endOffset ? 'other-log' : await restoreOne(process, manifest, targetDir, late);
        if (skip === undefined) return { restored: { manifestKey, manifest }, skipped };
        skipped.push({ manifestKey, reason: skip, detail: '' });
      }
      return { restored: undefined, skipped };
    },
    collectGarbage: async () => collect(process),
  };
}

function newestFirst(world: MemoryWorld) {
  return [...world.manifests].sort(([a], [b]) => (a < b ? 1 : -1));
}

async function putObjects(process: MemoryProcess, files: CheckpointManifest['files']): Promise<void> {
  const { world } = process;
  const known = new Set(newestFirst(world).flatMap(([, { manifest }]) => manifest.files.map(({ sha256 }) => sha256)));
  for (const { name, sha256: text } of files) {
    // What a manifest names is asked for; what merely exists is put again, for it may be on its way out.
    if (world.rules.manifestLast && known.has(text) && world.objects.has(text)) {
      await process.step(`${name} is there already`);
      continue;
    }
    await process.step(`puts ${name}`, unavailable);
    world.objects.set(text, { text, modifiedAtMs: world.timeMs, damaged: false });
  }
}

async function dropOld(process: MemoryProcess, uploaded: string): Promise<void> {
  const { world } = process;
  const others = newestFirst(world).filter(([key]) => key !== uploaded);
  for (const [key] of others.slice(retain - 1)) {
    await process.step(`drops the manifest ${key}`);
    world.manifests.delete(key);
  }
}

/** Why it can't be used; `undefined` when its state lies in the folder now. */
async function restoreOne(
  process: MemoryProcess,
  manifest: CheckpointManifest,
  targetDir: string,
  late: boolean,
): Promise<'object-missing' | 'object-damaged' | undefined> {
  const { world, disk } = process;
  const files: [string, string][] = [];
  for (const { name, sha256 } of manifest.files) {
    await process.step(`downloads ${name} of ${manifest.appliedOffset}`, unavailable);
    const object = world.objects.get(sha256);
    if (object === undefined) {
      // Dropped and collected while we read, perhaps; but nobody collects what a standing manifest names.
      const stands = newestFirst(world).some(([, stored]) => stored.manifest === manifest);
      if (stands && !late) world.violations.add(`an object of the checkpoint of ${manifest.appliedOffset} is missing`);
      return 'object-missing';
    }
    if (object.damaged && world.rules.restoreVerified) return 'object-damaged';
    // Damage that nobody looks for: the bucket comes out empty.
    files.push([name, object.damaged && name !== 'CURRENT' ? '[]' : object.text]);
    if (!world.rules.restoreAtomic) disk.set(targetDir, { ...fromFiles(files), ...position(manifest) });
  }
  disk.set(targetDir, fromFiles(files));
  await process.step(`restored ${manifest.appliedOffset}`);
  return undefined;
}

function position({ appliedOffset, logTimeMs }: CheckpointManifest) {
  return { appliedOffset, logTimeMs };
}

async function collect(process: MemoryProcess): ReturnType<CheckpointStore['collectGarbage']> {
  const { world } = process;
  await process.step('collection lists objects', unavailable);
  const candidates = [...world.objects].filter(([, { modifiedAtMs }]) => {
    return modifiedAtMs <= world.timeMs - world.rules.graceMs;
  });
  const named = new Set<string>();
  // Twice, one behind the other: an upload drops an old manifest once its own is written.
  for (const pass of [1, 2]) {
    await process.step(`collection lists manifests for the time ${pass}`, unavailable);
    const listed = newestFirst(world).slice(0, world.rules.everyManifestCounts ? undefined : 1);
    for (const [, { manifest }] of listed) for (const { sha256 } of manifest.files) named.add(sha256);
  }
  let deletedCount = 0;
  for (const [key] of candidates) {
    if (named.has(key)) continue;
    await process.step('collection deletes an object', unavailable);
    // Asked again: an upload may have put it anew since it was listed.
    const modifiedAtMs = world.objects.get(key)?.modifiedAtMs ?? Infinity;
    if (modifiedAtMs > world.timeMs - world.rules.graceMs) continue;
    world.note(process.name, `deleted an object of ${key.slice(0, 60)}`);
    world.objects.delete(key);
    deletedCount += 1;
  }
  return { kind: 'collected', deletedCount, deletedBytes: deletedCount };
}
