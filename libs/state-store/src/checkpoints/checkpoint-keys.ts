/** Where a checkpoint store keeps what, under its prefix. Manifests of a partition sort by applied offset. */
export interface CheckpointKeys {
  readonly objectsPrefix: string;
  readonly manifestsPrefix: string;
  object(sha256: string): string;
  manifests(partition: number): string;
  manifest(partition: number, appliedOffset: number, createdAtMs: number): string;
  /** Of a manifest's key; `undefined` for any other. */
  partitionOf(manifestKey: string): number | undefined;
}

/** The prefix that a key of a checkpoint store lies under; `undefined` for a key of something else. */
export function checkpointPrefixOf(key: string): string | undefined {
  return /^(.+)\/(?:manifests\/\d{5}\/\d{20}-\d{15}\.json|objects\/[0-9a-f]{64})$/.exec(key)?.[1];
}

export function createCheckpointKeys(prefix: string): CheckpointKeys {
  const objectsPrefix = `${prefix}/objects/`;
  const manifestsPrefix = `${prefix}/manifests/`;
  const manifests = (partition: number): string => `${manifestsPrefix}${String(partition).padStart(5, '0')}/`;
  return {
    objectsPrefix,
    manifestsPrefix,
    object: (sha256) => objectsPrefix + sha256,
    manifests,
    manifest: (partition, appliedOffset, createdAtMs) =>
      `${manifests(partition)}${String(appliedOffset).padStart(20, '0')}-${String(createdAtMs).padStart(15, '0')}.json`,
    partitionOf: (key) => {
      const digits = key.startsWith(manifestsPrefix) ? /^\d{5}(?=\/)/.exec(key.slice(manifestsPrefix.length)) : null;
      return digits === null ? undefined : Number(digits[0]);
    },
  };
}
