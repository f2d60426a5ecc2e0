/**
 * The MANIFEST reads as nothing that RocksDB writes, or as something that this release doesn't know. While the
 * database writes, a torn read can look the same: read again a few times before believing it.
 */
export class ManifestDamaged extends Error {
  override readonly name = 'ManifestDamaged';
}
