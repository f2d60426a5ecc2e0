import { type RobotKeys, signatureHeaders, verifyContent } from '@fleetstream/signing';
import { type Headers } from '../domain/content-mode.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';

export interface Verified {
  readonly kind: 'verified';
  readonly webhookId: string;
  /** The robot's clock is further from ours than Standard Webhooks would have it. */
  readonly clockOutOfWindow: boolean;
}

const windowSeconds = 300;

/**
 * What is signed is `id.timestamp.body`. No part of a JSON body fits these two patterns, so a signed text can't be cut
 * anew into another id, timestamp and body. The id also becomes the id of an event that has none.
 */
const webhookIdPattern = /^[\w.:~-]{1,120}$/;
const timestampPattern = /^\d{1,12}$/;

/**
 * Whether a body was signed by the robot in the path: its id decides the key, so another robot's signature fits
 * nothing. A timestamp outside the window is told, not refused: robots' clocks are days off, and a replayed request
 * carries known event ids.
 */
export function verifySignature(
  keys: RobotKeys,
  request: { readonly robotId: string; readonly headers: Headers; readonly body: Buffer },
  nowMs: number,
): Verified | Refusal {
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
  if (!verifyContent(keys.secretsOf(request.robotId), { id, timestamp, body: request.body }, signature)) {
    return refuse('FS_SIGNATURE_INVALID', 'no signature was made with a secret of the robot in the path');
  }
  const clockOutOfWindow = Math.abs(nowMs / 1000 - Number(timestamp)) > windowSeconds;
  return { kind: 'verified', webhookId: id, clockOutOfWindow };
}
