import { type KeyRing, keyTableName } from './key-ring.ts';

/** What a follower of the shared table of keys needs to be told, whoever follows it. */
export interface FollowedKeys {
  readonly table: string;
  /** What is lost while the table can't be read, for the log. */
  readonly withoutIt: string;
  readonly onEntry: (name: string, text: string) => void;
}

interface ErrorLog {
  readonly error: (fields: object, message: string) => void;
}

/** Takes every entry of the table over into `ring`. What can't be read revokes, and says so. */
export function followKeys(ring: KeyRing, log: ErrorLog): FollowedKeys {
  return {
    table: keyTableName,
    withoutIt: 'rotations and revocations of keys stay as they were last known',
    onEntry: (name, text) => {
      // A defect must not open what somebody meant to close.
      if (!ring.apply(name, text)) log.error({ entry: name }, 'an entry of the table of keys cannot be read: revoked');
    },
  };
}
