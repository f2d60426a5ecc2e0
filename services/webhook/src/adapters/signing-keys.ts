import { createSharedTable, type SharedTable } from '@fleetstream/cache';
import { type Log } from '@fleetstream/kernel';
import { createKeyRing, type KeyRing, keyTableName } from '@fleetstream/signing';

export interface SigningKeysOptions {
  readonly masterKey: Buffer;
  readonly keyVersions: readonly number[];
  readonly redisUrl: string;
  readonly refreshMs: number;
  readonly log: Log;
  readonly nowMs: () => number;
}

/** Everybody's keys, kept current from Redis; with Redis away they stay as they were last known. */
export interface SigningKeys {
  readonly ring: KeyRing;
  /** Follows the table; a component. */
  readonly table: SharedTable;
}

export function createSigningKeys({ redisUrl, refreshMs, log, ...options }: SigningKeysOptions): SigningKeys {
  const ring = createKeyRing(options);
  const table = createSharedTable({
    url: redisUrl,
    log,
    table: keyTableName,
    refreshMs,
    withoutIt: 'rotations and revocations of keys stay as they were last known',
    onEntry: (name, text) => {
      // What can't be read revokes, and says so: a defect must not open what somebody meant to close.
      if (!ring.apply(name, text)) log.error({ entry: name }, 'an entry of the table of keys cannot be read: revoked');
    },
  });
  return { ring, table };
}
