export { type Caller, isUnlimited, mayReach, type Place, type Scopes } from './caller.ts';
export { isAtLeast, type Role, roles } from './roles.ts';
export { type ServiceToken, serviceTokensSchema } from './service-tokens.ts';
export { signToken, type TokenClaims } from './sign-token.ts';
export { type Access, createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts';
