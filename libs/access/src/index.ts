export { isAtLeast, type Role } from './roles.ts';
export { signToken, type TokenClaims } from './sign-token.ts';
export { type Access, createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts';
