import { type KeyEntry, type KeyVersion } from '@fleetstream/signing';

/** The versions in force before: a signer's own, else everybody's, else what pods are configured with. */
export function versionsInForce(own: KeyEntry, all: KeyEntry, configured: readonly number[]): readonly KeyVersion[] {
  return own.versions ?? all.versions ?? configured.map((version) => ({ version }));
}

/** To a new version, the old ones good until the overlap ends: whoever is slow to learn is refused nothing until then. */
export function rotate(entry: KeyEntry, before: readonly KeyVersion[], to: number, endsAtMs: number): KeyEntry {
  const old = before
    .filter(({ version }) => version !== to)
    .map(({ version, notAfterMs = Infinity }) => ({ version, notAfterMs: Math.min(notAfterMs, endsAtMs) }));
  return { ...entry, versions: [...old, { version: to }] };
}

/** One version, or everything that the signer has. */
export function revoke(entry: KeyEntry, version: number | undefined): KeyEntry {
  if (version === undefined) return { ...entry, revoked: true };
  return { ...entry, revokedVersions: [...new Set([...(entry.revokedVersions ?? []), version])] };
}

/** Takes a revocation back; the signer is believed again. */
export function allow(entry: KeyEntry, version: number | undefined): KeyEntry {
  if (version === undefined) {
    return Object.fromEntries(Object.entries(entry).filter(([field]) => field !== 'revoked'));
  }
  return { ...entry, revokedVersions: (entry.revokedVersions ?? []).filter((one) => one !== version) };
}

/** Claims that another fleet has already, as `claim (fleet)`: two site servers would write into one robot's log. */
export function findConflicts(
  fleetId: string,
  claims: readonly string[],
  entries: ReadonlyMap<string, KeyEntry>,
): string[] {
  const conflicts: string[] = [];
  for (const [name, { robots = [] }] of entries) {
    if (!name.startsWith('fleet:') || name === `fleet:${fleetId}`) continue;
    for (const theirs of robots) {
      if (claims.some((ours) => overlap(ours, theirs))) conflicts.push(`${theirs} (${name.slice('fleet:'.length)})`);
    }
  }
  return conflicts;
}

function overlap(one: string, other: string): boolean {
  return covers(one, other) || covers(other, one);
}

function covers(wide: string, narrow: string): boolean {
  if (!wide.endsWith('*')) return wide === narrow;
  return narrow.replace(/\*$/, '').startsWith(wide.slice(0, -1));
}

/** A line for a person. */
export function renderKeyEntry(name: string, entry: KeyEntry, nowMs: number): string {
  const { versions, revokedVersions = [], revoked, publicKeys = [], robots = [] } = entry;
  const said = [
    revoked === true ? 'REVOKED' : '',
    versions === undefined ? '' : `versions ${versions.map((one) => renderVersion(one, nowMs)).join(', ') || 'none'}`,
    revokedVersions.length === 0 ? '' : `without ${revokedVersions.join(', ')}`,
    publicKeys.length === 0 ? '' : `${publicKeys.length} ed25519 ${publicKeys.length === 1 ? 'key' : 'keys'}`,
    robots.length === 0 ? '' : `sends for ${robots.join(', ')}`,
  ].filter((part) => part !== '');
  return `${name}: ${said.join('; ') || 'as configured'}`;
}

function renderVersion({ version, notAfterMs }: KeyVersion, nowMs: number): string {
  if (notAfterMs === undefined) return String(version);
  return notAfterMs <= nowMs ? `${version} (over)` : `${version} (until ${new Date(notAfterMs).toISOString()})`;
}
