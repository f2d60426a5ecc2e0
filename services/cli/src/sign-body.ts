import { randomUUID } from 'node:crypto';
import { signatureHeaders, signContent } from '@fleetstream/signing';

export interface SigningDetails {
  readonly secret: Buffer;
  readonly body: Buffer;
  /** The message's id; a fresh one when left out. */
  readonly id?: string | undefined;
  /** Seconds since the epoch; now when left out. */
  readonly timestamp?: string | undefined;
}

/** The three headers of Standard Webhooks over exactly these bytes. */
export function signBody({ secret, body, id, timestamp }: SigningDetails): Record<string, string> {
  const messageId = id ?? `msg-${randomUUID()}`;
  const seconds = timestamp ?? String(Math.floor(Date.now() / 1000));
  return {
    [signatureHeaders.id]: messageId,
    [signatureHeaders.timestamp]: seconds,
    [signatureHeaders.signature]: signContent(secret, { id: messageId, timestamp: seconds, body }),
  };
}
