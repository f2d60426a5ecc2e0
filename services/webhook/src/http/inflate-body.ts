import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Headers } from '../domain/content-mode.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type ByteHold } from './byte-budget.ts';

export interface InflateLimits {
  readonly maxBodyBytes: number;
  /** Inflated bytes for one compressed byte at most. Telemetry makes 5 to 20; deflate's limit is about 1032. */
  readonly maxInflateRatio: number;
}

export type Inflated = { readonly kind: 'body'; readonly body: Buffer } | Refusal;

const inflate = promisify(gunzip);
/** Ratios say nothing of a few bytes: JSON of blanks may be small and honest. */
const smallBytes = 16 * 1024;
const headerAndTrailerBytes = 18;

/** Whether there is anything to undo; most bodies come as they are. */
export function isCompressed(headers: Headers): boolean {
  return headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity';
}

/**
 * The body as it was before `Content-Encoding: gzip`. Called after the signature was verified, which covers the bytes as
 * sent: so nobody without a key makes a pod inflate anything, and what a proxy might recompress is noticed.
 *
 * A member's last four bytes tell its size before a byte is inflated. What says too much is refused right there; the
 * rest reserves that size in the pod's budget and may not become more.
 */
export async function inflateBody(
  headers: Headers,
  body: Buffer,
  limits: InflateLimits,
  hold: ByteHold,
): Promise<Inflated> {
  const encoding = headers['content-encoding'];
  if (typeof encoding !== 'string' || !/^(?:x-)?gzip$/i.test(encoding.trim())) {
    return refuse('FS_CONTENT_TYPE_UNSUPPORTED', 'content-encoding: gzip, or none');
  }
  if (body.length < headerAndTrailerBytes) return refuse('FS_BODY_INFLATE_FAILED', 'the body is too short for gzip');
  const sizeBytes = body.readUInt32LE(body.length - 4);
  const maxBytes = Math.min(limits.maxBodyBytes, Math.max(smallBytes, limits.maxInflateRatio * body.length));
  if (sizeBytes > maxBytes) {
    return refuse('FS_BODY_TOO_LARGE', `inflated, the body has more than ${maxBytes} bytes`);
  }
  if (!hold.take(sizeBytes)) return refuse('FS_OVERLOADED', 'this pod holds as many bytes as it may');
  try {
    const inflated = await inflate(body, { maxOutputLength: Math.max(1, sizeBytes) });
    if (inflated.length === sizeBytes) return { kind: 'body', body: inflated };
  } catch {
    // zlib's own words (a wrong checksum, a cut stream, more output than allowed) add nothing that a sender could use.
  }
  return refuse('FS_BODY_INFLATE_FAILED', 'the body is not one whole gzip member of the size its end says');
}
