import { createHash } from 'node:crypto';

/** As the journal of acknowledgements writes it. */
export function toSha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
