import { type KeyObject } from 'node:crypto';
import { type KeyEntry, type KeyVersion, parseKeyEntry } from './key-entry.ts';
import { parsePublicKeyText } from './public-key.ts';
import { type RobotKeys } from './robot-keys.ts';
import { deriveSignerSecret, type SignerKind } from './robot-secret.ts';
import { type SigningSecret, toSigningKey } from './webhook-signature.ts';

export interface Signer {
  readonly kind: SignerKind;
  readonly id: string;
}

/** What a signer may sign with now. */
export interface SignerKeys {
  readonly secrets: readonly SigningSecret[];
  readonly publicKeys: readonly KeyObject[];
  /** Nothing of it is accepted, by whatever it proves itself. */
  readonly revoked: boolean;
}

/** Everybody's keys: derived from the master key, changed by the entries of a table that all pods share. */
export interface KeyRing extends RobotKeys {
  keysOf(signer: Signer): SignerKeys;
  /** Whether a fleet was granted to send for a robot. */
  maySendFor(fleetId: string, robotId: string): boolean;
  /**
   * Takes over one entry of the table: `robot:<id>`, `fleet:<id>`, or `*` for all who have no versions of their own.
   * What can't be read is taken for a revocation: a defect must not open what somebody meant to close.
   *
   * @returns whether it could be read
   */
  apply(name: string, text: string): boolean;
}

/** The table in Redis that all pods share. */
export const keyTableName = 'signing-keys';

/** The entry for everybody. */
export const everybody = '*';

/** The name of a signer's entry in the table. */
export function toEntryName({ kind, id }: Signer): string {
  return `${kind}:${id}`;
}

export interface KeyRingOptions {
  /** At least 32 bytes. */
  readonly masterKey: Buffer;
  /** In force where the table says nothing. */
  readonly keyVersions: readonly number[];
  readonly nowMs: () => number;
}

/** Signers whose keys are kept derived; a fleet beyond it costs a derivation (some microseconds) now and then. */
const maxCachedSigners = 20_000;

export function createKeyRing(options: KeyRingOptions): KeyRing {
  return new Ring(options);
}

interface Cached extends SignerKeys {
  /** When one of the secrets goes out of force. */
  readonly untilMs: number;
}

/** A fleet's claims, made for look-ups. */
interface Claims {
  readonly robots: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

class Ring implements KeyRing {
  readonly #options: KeyRingOptions;
  readonly #defaults: readonly KeyVersion[];
  readonly #entries = new Map<string, KeyEntry>();
  readonly #claims = new Map<string, Claims>();
  readonly #cached = new Map<string, Cached>();

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#defaults = options.keyVersions.map((version) => ({ version }));
  }

  secretsOf(robotId: string): readonly SigningSecret[] {
    return this.keysOf({ kind: 'robot', id: robotId }).secrets;
  }

  keysOf(signer: Signer): SignerKeys {
    const name = toEntryName(signer);
    const known = this.#cached.get(name);
    if (known !== undefined && this.#options.nowMs() < known.untilMs) return known;
    const made = this.#make(signer, this.#entries.get(name) ?? {});
    // Oldest out first. Not the least used: that would cost every request two writes to save a rare derivation.
    const oldest = this.#cached.size < maxCachedSigners ? undefined : this.#cached.keys().next().value;
    if (oldest !== undefined) this.#cached.delete(oldest);
    this.#cached.set(name, made);
    return made;
  }

  maySendFor(fleetId: string, robotId: string): boolean {
    const claims = this.#claims.get(fleetId);
    if (claims === undefined) return false;
    return claims.robots.has(robotId) || claims.prefixes.some((prefix) => robotId.startsWith(prefix));
  }

  apply(name: string, text: string): boolean {
    const entry = parseKeyEntry(text);
    this.#entries.set(name, entry ?? { revoked: true });
    if (name === everybody) this.#cached.clear();
    else this.#cached.delete(name);
    if (name.startsWith('fleet:')) this.#claims.set(name.slice('fleet:'.length), toClaims(entry?.robots ?? []));
    return entry !== undefined;
  }

  #make(signer: Signer, entry: KeyEntry): Cached {
    const nowMs = this.#options.nowMs();
    const all = this.#entries.get(everybody) ?? {};
    const revoked = entry.revoked === true || all.revoked === true;
    if (revoked) return { secrets: [], publicKeys: [], revoked, untilMs: Infinity };
    const gone = new Set([...(entry.revokedVersions ?? []), ...(all.revokedVersions ?? [])]);
    const versions = (entry.versions ?? all.versions ?? this.#defaults).filter(
      ({ version, notAfterMs = Infinity }) => !gone.has(version) && nowMs < notAfterMs,
    );
    return {
      secrets: versions.map(({ version }) =>
        toSigningKey(deriveSignerSecret(this.#options.masterKey, signer.kind, signer.id, version)),
      ),
      publicKeys: (entry.publicKeys ?? []).map(parsePublicKeyText).filter((key) => key !== undefined),
      revoked,
      untilMs: Math.min(Infinity, ...versions.map(({ notAfterMs = Infinity }) => notAfterMs)),
    };
  }
}

function toClaims(robots: readonly string[]): Claims {
  return {
    robots: new Set(robots.filter((claim) => !claim.endsWith('*'))),
    prefixes: robots.filter((claim) => claim.endsWith('*')).map((claim) => claim.slice(0, -1)),
  };
}
