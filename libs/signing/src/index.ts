export { followKeys } from './followed-keys.ts';
export { type KeyEntry, type KeyVersion, parseKeyEntry } from './key-entry.ts';
export {
  createKeyRing,
  everybody,
  type KeyRing,
  type KeyRingOptions,
  keyTableName,
  type Signer,
  type SignerKeys,
  toEntryName,
} from './key-ring.ts';
export {
  parsePrivateKeyText,
  parsePublicKeyText,
  signContentPublic,
  toPublicKeyText,
  verifyContentPublic,
} from './public-key.ts';
export { createRobotKeys, type RobotKeys } from './robot-keys.ts';
export {
  deriveRobotSecret,
  deriveSignerSecret,
  parseSecretText,
  type SignerKind,
  toSecretText,
} from './robot-secret.ts';
export {
  signatureHeaders,
  signContent,
  type SignedContent,
  type SigningSecret,
  verifyContent,
} from './webhook-signature.ts';
