import { deriveRobotSecret } from './robot-secret.ts';
import { type SigningSecret, toSigningKey } from './webhook-signature.ts';

/** The secrets that a robot may sign with, one per key version in force. */
export interface RobotKeys {
  secretsOf(robotId: string): readonly SigningSecret[];
}

/** Robots whose secrets are kept derived; a fleet beyond it costs a derivation (some microseconds) now and then. */
const maxCachedRobots = 10_000;

/** @param keyVersions those in force; two of them during a rotation */
export function createRobotKeys(masterKey: Buffer, keyVersions: readonly number[]): RobotKeys {
  const cached = new Map<string, readonly SigningSecret[]>();
  return {
    secretsOf: (robotId) => {
      const known = cached.get(robotId);
      if (known !== undefined) return known;
      const secrets = keyVersions.map((version) => toSigningKey(deriveRobotSecret(masterKey, robotId, version)));
      // Oldest out first. Not the least used: that would cost every request two writes to save a rare derivation.
      const oldest = cached.size < maxCachedRobots ? undefined : cached.keys().next().value;
      if (oldest !== undefined) cached.delete(oldest);
      cached.set(robotId, secrets);
      return secrets;
    },
  };
}
