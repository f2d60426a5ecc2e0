import { AppError, toAppError } from '@fleetstream/kernel';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { type Caller, type Scopes } from './caller.ts';
import { isRole } from './roles.ts';
import { createServiceTokens, type ServiceToken } from './service-tokens.ts';

export interface TokenVerifierOptions {
  /** Either a shared secret (HS256), or where an identity provider publishes its public keys (JWKS). */
  readonly keys: { readonly kind: 'secret'; readonly secret: string } | { readonly kind: 'jwks'; readonly url: string };
  /** Tokens of other issuers are refused when it is given. */
  readonly issuer?: string | undefined;
  /** Tokens for other audiences are refused when it is given. */
  readonly audience?: string | undefined;
  /** Tokens of machines that don't go through an identity provider. */
  readonly serviceTokens?: readonly ServiceToken[] | undefined;
}

export type Access =
  | ({ readonly kind: 'granted' } & Caller)
  | { readonly kind: 'denied'; readonly code: 'FS_TOKEN_INVALID' | 'FS_FORBIDDEN'; readonly detail: string };

export interface TokenVerifier {
  /**
   * Who speaks, from the value of an `Authorization` header.
   *
   * @throws AppError FS_ACCESS_KEYS_UNAVAILABLE when the identity provider's keys can't be fetched
   */
  verify(authorization: string | undefined): Promise<Access>;
}

export const secretAlgorithm = 'HS256';

/** Of public keys. Never HS256: a token "signed" with the public key as secret would pass (RFC 8725, 3.1). */
const publicAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** Between the identity provider's clock and ours. */
const clockToleranceSeconds = 30;
const tokenCharsMax = 8192;
const keysTimeoutMs = 3000;
const scopeNamesMax = 256;

/**
 * Verifies bearer tokens: JSON Web Tokens (RFC 7519) with an expiry, a subject, one role in the claim `role`, and, when
 * they are for a part of the robots alone, names in the claims `fleets` and `sites`.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const verifyToken = createVerification(options);
  const findService = createServiceTokens(options.serviceTokens ?? []);
  return {
    verify: async (authorization) => {
      const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) return denied('a bearer token is needed');
      if (token.length > tokenCharsMax) return denied(`the token is longer than ${tokenCharsMax} characters`);
      const service = findService(token);
      if (service !== undefined) return { kind: 'granted', ...service };
      try {
        return toAccess(await verifyToken(token));
      } catch (thrown) {
        if (thrown instanceof errors.JOSEError && !isKeysFailure(thrown)) return denied(toDetail(thrown));
        throw toAppError(thrown, 'FS_ACCESS_KEYS_UNAVAILABLE', 'The keys of bearer tokens could not be fetched.');
      }
    },
  };
}

/** @throws AppError FS_CONFIG_INVALID: HS256 wants a key as long as its hash (RFC 7518, 3.2) */
export function toSecretKey(secret: string): Uint8Array {
  const key = new TextEncoder().encode(secret);
  if (key.length < 32) throw new AppError('FS_CONFIG_INVALID', 'The secret of tokens has less than 32 bytes.');
  return key;
}

function createVerification(options: TokenVerifierOptions): (token: string) => Promise<JWTPayload> {
  const { keys, issuer, audience } = options;
  const common: JWTVerifyOptions = {
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['sub', 'exp'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  if (keys.kind === 'secret') {
    const key = toSecretKey(keys.secret);
    return async (token) => (await jwtVerify(token, key, { ...common, algorithms: [secretAlgorithm] })).payload;
  }
  // Keeps the keys, and asks for them again when a token names one that it doesn't know, at most every half minute.
  const published = createRemoteJWKSet(new URL(keys.url), { timeoutDuration: keysTimeoutMs });
  return async (token) => (await jwtVerify(token, published, { ...common, algorithms: publicAlgorithms })).payload;
}

function toAccess({ sub, role, exp, fleets, sites }: JWTPayload): Access {
  if (sub === undefined || sub === '' || sub.length > 256) return denied('the subject is missing or too long');
  if (!isRole(role)) return forbidden('the claim "role" names no role');
  const scopes = toScopes(fleets, sites);
  if (scopes === undefined)
    return forbidden(`the claims "fleets" and "sites" are lists of up to ${scopeNamesMax} names`);
  return { kind: 'granted', subject: sub, role, scopes, ...(exp !== undefined && { expiresAtMs: exp * 1000 }) };
}

/** A claim that is there and is no list must not be read as "no limit". */
function toScopes(fleets: unknown, sites: unknown): Scopes | undefined {
  if (!isNames(fleets) || !isNames(sites)) return undefined;
  return { ...(fleets !== undefined && { fleets }), ...(sites !== undefined && { sites }) };
}

function isNames(claim: unknown): claim is readonly string[] | undefined {
  if (claim === undefined) return true;
  return Array.isArray(claim) && claim.length <= scopeNamesMax && claim.every((name) => typeof name === 'string');
}

function forbidden(detail: string): Access {
  return { kind: 'denied', code: 'FS_FORBIDDEN', detail };
}

function denied(detail: string): Access {
  return { kind: 'denied', code: 'FS_TOKEN_INVALID', detail };
}

/** A key set that came but doesn't have the key is the token's fault; one that didn't come is not. */
function isKeysFailure(error: errors.JOSEError): boolean {
  return (
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC'
  );
}

/** Says which check failed and nothing of the token. */
function toDetail(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `the claim "${error.claim}" is not as it must be`;
  return 'the token was not signed by a key that is known here';
}
