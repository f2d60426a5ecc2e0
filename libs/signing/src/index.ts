export { createRobotKeys, type RobotKeys } from './robot-keys.ts';
export { deriveRobotSecret, parseSecretText, toSecretText } from './robot-secret.ts';
export {
  signatureHeaders,
  signContent,
  type SignedContent,
  type SigningSecret,
  verifyContent,
} from './webhook-signature.ts';
