import { type CheckpointManifest } from '@fleetstream/state-store';
import { type MemoryObjectStore } from '@fleetstream/testing';
import { type Random } from '../../fleet/seeded-random.ts';

/** What a checkpoint is made of: the files of RocksDB, and the manifest that names them. */
export const objectClasses = ['sst', 'blob', 'MANIFEST', 'OPTIONS', 'CURRENT', 'checkpoint-manifest'] as const;
export type ObjectClass = (typeof objectClasses)[number];

export const damages = ['bit-flip', 'truncation', 'missing', 'swapped', 'stale'] as const;
export type Damage = (typeof damages)[number];

const fileNames: Readonly<Record<Exclude<ObjectClass, 'checkpoint-manifest'>, RegExp>> = {
  sst: /\.sst$/,
  blob: /\.blob$/,
  MANIFEST: /^MANIFEST/,
  OPTIONS: /^OPTIONS/,
  CURRENT: /^CURRENT$/,
};

export interface ListedManifest {
  readonly manifestKey: string;
  readonly manifest: CheckpointManifest;
}

export interface DamageOptions {
  readonly objects: MemoryObjectStore;
  /** Newest first. */
  readonly checkpoints: readonly ListedManifest[];
  readonly keyOf: (sha256: string) => string;
  readonly objectClass: ObjectClass;
  readonly damage: Damage;
  readonly random: Random;
}

/** Damages one object of the newest checkpoint. @returns its key; `undefined` when it has none of that class */
export function damageObject(options: DamageOptions): string | undefined {
  const { objects, damage, random } = options;
  const [newest, ...older] = options.checkpoints.map((checkpoint) => keysOf(checkpoint, options));
  const key = newest?.[Math.floor(random() * newest.length)];
  const object = key === undefined ? undefined : objects.objects.get(key);
  if (key === undefined || object === undefined) return undefined;
  const set = (bytes: Buffer | undefined): string | undefined => {
    if (bytes === undefined || bytes.equals(object.bytes)) return undefined;
    objects.objects.set(key, { ...object, bytes });
    return key;
  };
  const bytesOf = (keys: readonly string[]): Buffer | undefined =>
    keys.map((other) => objects.objects.get(other)?.bytes).find((bytes) => bytes?.equals(object.bytes) === false);
  switch (damage) {
    case 'bit-flip':
      return set(flip(object.bytes, random));
    case 'truncation':
      return set(object.bytes.subarray(0, Math.floor(random() * object.bytes.length)));
    case 'missing':
      objects.objects.delete(key);
      return key;
    case 'swapped':
      return set(bytesOf([...objects.objects.keys()].sort(() => random() - 0.5)));
    case 'stale':
      // Of the same class in an older checkpoint; where those are the same bytes, what such a file could have held.
      return set(bytesOf(older.flat()) ?? Buffer.from(`${object.bytes.toString('latin1').slice(0, -2)}9\n`, 'latin1'));
  }
}

function keysOf({ manifestKey, manifest }: ListedManifest, { objectClass, keyOf }: DamageOptions): string[] {
  if (objectClass === 'checkpoint-manifest') return [manifestKey];
  return manifest.files.filter(({ name }) => fileNames[objectClass].test(name)).map(({ sha256 }) => keyOf(sha256));
}

function flip(bytes: Buffer, random: Random): Buffer {
  const flipped = Buffer.from(bytes);
  const at = Math.floor(random() * flipped.length);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return flipped;
}
