import { hkdfSync } from 'node:crypto';

const secretBytes = 32;

/**
 * A robot's secret, derived so that webhook pods need no store of secrets: HKDF-SHA256 (RFC 5869) over the master key,
 * with the robot id and the key version as info. A new version gives a secret that says nothing of the old one.
 *
 * @param masterKey at least 32 bytes of randomness
 */
export function deriveRobotSecret(masterKey: Buffer, robotId: string, keyVersion: number): Buffer {
  return deriveSignerSecret(masterKey, 'robot', robotId, keyVersion);
}

/** Who signs requests: a robot, or the site server of a fleet. */
export type SignerKind = 'robot' | 'fleet';

/** As `deriveRobotSecret`, for a fleet too: the kind is part of the info, so a fleet has no robot's key. */
export function deriveSignerSecret(masterKey: Buffer, kind: SignerKind, id: string, keyVersion: number): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, 'fleetstream', `${kind}:${id}:${String(keyVersion)}`, secretBytes));
}

/** The form in which Standard Webhooks hands out secrets. */
export function toSecretText(secret: Buffer): string {
  return `whsec_${secret.toString('base64')}`;
}

/** Reads `whsec_…`; `undefined` when it isn't one. */
export function parseSecretText(text: string): Buffer | undefined {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text);
  const secret = match?.[1] === undefined ? undefined : Buffer.from(match[1], 'base64');
  return secret !== undefined && secret.length >= 24 && secret.length <= 64 ? secret : undefined;
}
