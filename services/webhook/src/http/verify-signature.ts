import {
  type KeyRing,
  signatureHeaders,
  type SignedContent,
  verifyContent,
  verifyContentPublic,
} from '@fleetstream/signing';
import { type Headers } from '../domain/content-mode.ts';
import { type Sender } from '../domain/ingest-target.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';

export interface Verified {
  readonly kind: 'verified';
  readonly webhookId: string;
  /** When it was signed, by the sender's clock, in milliseconds; unknown of a request that a certificate stands for. */
  readonly sentAtMs: number | undefined;
  /** Our time less that of the signature: how far the sender's clock is behind, and how long the request took. */
  readonly clockOffsetSeconds: number;
  /** The sender's clock is further from ours than Standard Webhooks would have it. */
  readonly clockOutOfWindow: boolean;
}

export interface SignedRequest {
  readonly sender: Sender;
  readonly headers: Headers;
  /** As sent: compressed, if it came so. */
  readonly body: Buffer;
}

const windowSeconds = 300;
/**
 * What is signed is `id.timestamp.body`. No part of a JSON body fits these two patterns, so a signed text can't be cut
 * anew into another id, timestamp and body. The id also becomes the id of an event that has none.
 */
const webhookIdPattern = /^[\w.:~-]{1,120}$/;
const timestampPattern = /^\d{1,12}$/;

/**
 * Whether a body was signed by the sender in the path: its id decides the keys, so another's signature fits nothing. A
 * timestamp outside the window is told, not refused: robots' clocks are days off, and a replayed request carries known
 * event ids. Answers at once unless there is an ed25519 signature to verify, which another thread does.
 */
export function verifySignature(
  keys: Pick<KeyRing, 'keysOf'>,
  request: SignedRequest,
  nowMs: number,
): Verified | Refusal | Promise<Verified | Refusal> {
  const id = request.headers[signatureHeaders.id];
  const timestamp = request.headers[signatureHeaders.timestamp];
  const signature = request.headers[signatureHeaders.signature];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') {
    return refuse('FS_SIGNATURE_MISSING', 'webhook-id, webhook-timestamp and webhook-signature are all needed');
  }
  if (!webhookIdPattern.test(id)) {
    return refuse('FS_SIGNATURE_INVALID', 'webhook-id: 1 to 120 characters of A-Z a-z 0-9 _ . : ~ -');
  }
  if (!timestampPattern.test(timestamp)) return refuse('FS_SIGNATURE_INVALID', 'webhook-timestamp: whole seconds');
  const content: SignedContent = { id, timestamp, body: request.body };
  const { secrets, publicKeys } = keys.keysOf(request.sender);
  if (verifyContent(secrets, content, signature)) return toVerified(id, timestamp, nowMs);
  if (publicKeys.length === 0 || !signature.includes('v1a,')) return noneFits;
  return verifyContentPublic(publicKeys, content, signature).then((valid) =>
    valid ? toVerified(id, timestamp, nowMs) : noneFits,
  );
}

/** A request that needs no signature, for its client certificate names the sender; its id and time are only said. */
export function trustCertificate(headers: Headers, fallbackId: string, nowMs: number): Verified | Refusal {
  const id = headers[signatureHeaders.id] ?? fallbackId;
  const timestamp = headers[signatureHeaders.timestamp] ?? String(Math.floor(nowMs / 1000));
  if (typeof id !== 'string' || !webhookIdPattern.test(id) || typeof timestamp !== 'string') {
    return refuse('FS_SIGNATURE_INVALID', 'webhook-id: 1 to 120 characters of A-Z a-z 0-9 _ . : ~ -');
  }
  const verified = toVerified(id, timestampPattern.test(timestamp) ? timestamp : '0', nowMs);
  // Nobody vouches for that time, and it may be ours.
  return { ...verified, sentAtMs: undefined };
}

const noneFits = refuse('FS_SIGNATURE_INVALID', 'no signature was made with a key of the sender in the path');

function toVerified(webhookId: string, timestamp: string, nowMs: number): Verified {
  const clockOffsetSeconds = nowMs / 1000 - Number(timestamp);
  return {
    kind: 'verified',
    webhookId,
    sentAtMs: Number(timestamp) * 1000,
    clockOffsetSeconds,
    clockOutOfWindow: Math.abs(clockOffsetSeconds) > windowSeconds,
  };
}
