import { createSharedTable, type SharedTable } from '@fleetstream/cache';
import { type Log } from '@fleetstream/kernel';
import { createKeyRing, followKeys, type KeyRing } from '@fleetstream/signing';

export interface SigningKeysOptions {
  readonly masterKey: Buffer;
  readonly keyVersions: readonly number[];
  readonly redisUrl: string;
  /** Believe nobody before the table was read once. */
  readonly required: boolean;
  readonly log: Log;
  readonly nowMs: () => number;
}

/** Robots' keys by the table that webhook pods follow, too: who is revoked sends no events and gets no commands. */
export interface SigningKeys extends Pick<KeyRing, 'keysOf' | 'secretsOf'> {
  /** Whether it is known what is revoked; until then no robot is believed, and none is given anything. */
  known(): boolean;
  /** Follows the table; a component. With Redis away everything stays as it was last known. */
  readonly table: SharedTable;
}

export function createSigningKeys({ redisUrl, required, log, ...options }: SigningKeysOptions): SigningKeys {
  const ring = createKeyRing(options);
  const table = createSharedTable({
    url: redisUrl,
    log,
    ...followKeys(ring, log),
  });
  return {
    keysOf: (signer) => ring.keysOf(signer),
    secretsOf: (robotId) => ring.secretsOf(robotId),
    known: () => !required || table.ageMs() !== undefined,
    table,
  };
}
