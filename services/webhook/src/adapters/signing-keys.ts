import { createSharedTable, type SharedTable } from '@fleetstream/cache';
import { type Log } from '@fleetstream/kernel';
import { createKeyRing, followKeys, type KeyRing } from '@fleetstream/signing';

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
    refreshMs,
    ...followKeys(ring, log),
  });
  return { ring, table };
}
