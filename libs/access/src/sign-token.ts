import { SignJWT } from 'jose';
import { type Scopes } from './caller.ts';
import { type Role } from './roles.ts';
import { secretAlgorithm, toSecretKey } from './token-verifier.ts';

export interface TokenClaims {
  readonly subject: string;
  readonly role: Role;
  /** Every robot when left out. */
  readonly scopes?: Scopes;
  /** From now on. */
  readonly expiresInSeconds: number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** A bearer token under a shared secret: for a local start and for tests. In production an identity provider signs. */
export async function signToken(secret: string, claims: TokenClaims): Promise<string> {
  const { subject, role, scopes, expiresInSeconds, issuer, audience } = claims;
  const token = new SignJWT({ role, ...scopes })
    .setProtectedHeader({ alg: secretAlgorithm, typ: 'JWT' })
    .setSubject(subject)
    .setIssuedAt()
    .setExpirationTime(`${expiresInSeconds} seconds`);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return await token.sign(toSecretKey(secret));
}
