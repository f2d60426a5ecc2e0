/** Where a checkpoint store keeps what, under its prefix. Manifests of a partition sort by applied offset. */
export interface CheckpointKeys {
  readonly objectsPrefix: string;
  readonly manifestsPrefix: string;
  object(sha256: string): string;
  manifests(partition: number): string;
  manifest(partition: number, appliedOffset: number, createdAtMs: number): string;
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
  };
}
