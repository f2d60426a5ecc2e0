export { deriveRobotSecret, parseSecretText, toSecretText } from './robot-secret.ts';
export { signatureHeaders, signContent, type SignedContent, verifyContent } from './webhook-signature.ts';
