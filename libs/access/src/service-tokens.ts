import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Caller } from './caller.ts';
import { roles } from './roles.ts';

const namesSchema = z.array(z.string().min(1).max(512)).max(256).optional();

/** What is known of a machine's token: never the token, only its SHA-256 in hex. */
export const serviceTokensSchema = z
  .array(
    z.strictObject({
      subject: z.string().min(1).max(256),
      role: z.enum(roles),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the token, 64 hex digits'),
      fleets: namesSchema,
      sites: namesSchema,
    }),
  )
  .max(1000);

export type ServiceToken = z.infer<typeof serviceTokensSchema>[number];

/**
 * Finds a machine's token by its hash, so that neither the configuration nor the time that a comparison takes tells
 * anything of it. Tokens are random and long; people's passwords would need a slow hash.
 */
export function createServiceTokens(tokens: readonly ServiceToken[]): (token: string) => Caller | undefined {
  const byHash = new Map(
    tokens.map(({ sha256, subject, role, fleets, sites }): [string, Caller] => [
      sha256,
      { subject, role, scopes: { ...(fleets !== undefined && { fleets }), ...(sites !== undefined && { sites }) } },
    ]),
  );
  return (token) => byHash.get(createHash('sha256').update(token).digest('hex'));
}
