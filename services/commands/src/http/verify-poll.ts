import { type IncomingHttpHeaders } from 'node:http';
import { type KeyValueCache } from '@fleetstream/cache';
import { type KeyRing, signatureHeaders, verifyContent, verifyContentPublic } from '@fleetstream/signing';
import { refuse, type Refusal } from '../domain/refusal.ts';

export interface SignedPoll {
  readonly robotId: string;
  /** Path and query as sent: it stands where Standard Webhooks has the body. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

const webhookIdPattern = /^[\w.:~-]{1,120}$/;
const timestampPattern = /^\d{1,12}$/;
const windowSeconds = 300;
const seenTtlSeconds = 86_400;

/**
 * Whether a request for commands was signed by the robot in its path. As for events, a clock that is days off is told
 * and not refused. But the answer is what the robot is to do, so a request that was recorded must not be answered again:
 * its `webhook-id` counts once, for a day, as far as Redis is there to remember.
 */
export async function verifyPoll(
  keys: Pick<KeyRing, 'keysOf'>,
  seen: KeyValueCache,
  poll: SignedPoll,
  nowMs: number,
): Promise<{ readonly kind: 'verified'; readonly clockOutOfWindow: boolean } | Refusal> {
  const signed = await checkPollSignature(keys, poll);
  if (signed.kind === 'refused') return signed;
  const { id, timestamp } = signed;
  const claim = await seen.claim(`poll/${poll.robotId}/${id}`, '1', seenTtlSeconds);
  if (claim.kind === 'taken') return refuse('FS_REQUEST_REPLAYED', 'webhook-id: used before by this robot');
  return { kind: 'verified', clockOutOfWindow: Math.abs(nowMs / 1000 - Number(timestamp)) > windowSeconds };
}

/** Whether one of the keys that the robot has now made the signature: a secret (`v1`) or an ed25519 key (`v1a`). */
export async function checkPollSignature(
  keys: Pick<KeyRing, 'keysOf'>,
  { robotId, target, headers }: SignedPoll,
): Promise<{ readonly kind: 'signed'; readonly id: string; readonly timestamp: string } | Refusal> {
  const id = headers[signatureHeaders.id];
  const timestamp = headers[signatureHeaders.timestamp];
  const signature = headers[signatureHeaders.signature];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') {
    return refuse('FS_SIGNATURE_MISSING', 'webhook-id, webhook-timestamp and webhook-signature are all needed');
  }
  if (!webhookIdPattern.test(id)) {
    return refuse('FS_SIGNATURE_INVALID', 'webhook-id: 1 to 120 characters of A-Z a-z 0-9 _ . : ~ -');
  }
  if (!timestampPattern.test(timestamp)) return refuse('FS_SIGNATURE_INVALID', 'webhook-timestamp: whole seconds');
  const content = { id, timestamp, body: Buffer.from(target) };
  const { secrets, publicKeys } = keys.keysOf({ kind: 'robot', id: robotId });
  if (verifyContent(secrets, content, signature) || (await verifyContentPublic(publicKeys, content, signature))) {
    return { kind: 'signed', id, timestamp };
  }
  return refuse('FS_SIGNATURE_INVALID', "sign '<webhook-id>.<webhook-timestamp>.<path and query>' for this robot");
}
