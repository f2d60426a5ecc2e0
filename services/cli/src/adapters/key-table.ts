import { silentLog } from '@fleetstream/kernel';
import { type KeyEntry, keyTableName, parseKeyEntry } from '@fleetstream/signing';
import { failRefused, failUnreachable } from '../cli-failure.ts';

/** The table of keys that all pods follow, for an operator. */
export interface KeyTable {
  read(): Promise<ReadonlyMap<string, KeyEntry>>;
  write(name: string, entry: KeyEntry): Promise<void>;
  close(): void;
}

/** @throws CliFailure 3 when Redis doesn't answer */
export async function openKeyTable(url: string): Promise<KeyTable> {
  // Loaded only here: the other commands would wait for a Redis client they don't use.
  const { openSharedTable } = await import('@fleetstream/cache');
  const table = await openSharedTable(url, keyTableName, silentLog);
  return {
    read: async () => {
      const entries = await table.read();
      if (entries === undefined)
        return failUnreachable('Redis does not answer. Does "npm start" run? --redis says where.');
      return new Map([...entries].map(([name, text]) => [name, parseKeyEntry(text) ?? { revoked: true }]));
    },
    write: async (name, entry) => {
      const written = await table.write([[name, JSON.stringify(entry)]]);
      if (written === 'full') failRefused('The table of keys is full.');
      if (written === undefined)
        failUnreachable('Redis did not say whether it wrote that: ask "fleetstream keys list".');
    },
    close: () => {
      table.close();
    },
  };
}
