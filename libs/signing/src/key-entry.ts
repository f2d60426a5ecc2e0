import { parsePublicKeyText } from './public-key.ts';

/** A secret by its version, as long as it is in force. */
export interface KeyVersion {
  readonly version: number;
  /** Milliseconds since the epoch, by the pod's clock; without it, until it is taken away. */
  readonly notAfterMs?: number;
}

/** What differs of one signer's keys, or of everybody's, from the configuration. */
export interface KeyEntry {
  /** Instead of the versions of the configuration. */
  readonly versions?: readonly KeyVersion[];
  /** Not accepted whatever else is said. */
  readonly revokedVersions?: readonly number[];
  /** Nothing of this signer is accepted. */
  readonly revoked?: boolean;
  /** ed25519 keys (`whpk_…`) whose private halves the signer holds. */
  readonly publicKeys?: readonly string[];
  /** Of a fleet: ids of robots that it may send for; one that ends in `*` stands for all that begin so. */
  readonly robots?: readonly string[];
}

/** Versions and keys that one signer may have at once: each costs a request an HMAC or a verification. */
const keyEntryMax = { versions: 4, publicKeys: 2, robots: 10_000, revokedVersions: 64 } as const;

/** Reads an entry as it is stored; `undefined` when it isn't one, and then the signer has no key at all. */
export function parseKeyEntry(text: string): KeyEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entry: Readonly<Partial<Record<keyof KeyEntry, unknown>>> = value;
  const { versions, revokedVersions, revoked, publicKeys, robots } = entry;
  const fits =
    isListOf(versions, keyEntryMax.versions, isKeyVersion) &&
    isListOf(revokedVersions, keyEntryMax.revokedVersions, isVersion) &&
    (revoked === undefined || typeof revoked === 'boolean') &&
    isListOf(publicKeys, keyEntryMax.publicKeys, isPublicKey) &&
    isListOf(robots, keyEntryMax.robots, isClaim);
  return fits ? value : undefined;
}

function isListOf(value: unknown, max: number, fits: (item: unknown) => boolean): boolean {
  return value === undefined || (Array.isArray(value) && value.length <= max && value.every(fits));
}

function isVersion(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isKeyVersion(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { version, notAfterMs } = value as Readonly<Record<string, unknown>>;
  return isVersion(version) && (notAfterMs === undefined || typeof notAfterMs === 'number');
}

function isPublicKey(value: unknown): boolean {
  return typeof value === 'string' && parsePublicKeyText(value) !== undefined;
}

/** A claim to every robot there is would make a fleet's key a master key. */
function isClaim(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9][\w.:-]{0,63}\*?$/.test(value);
}
