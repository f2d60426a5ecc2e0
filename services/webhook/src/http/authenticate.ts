import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { type KeyRing } from '@fleetstream/signing';
import { type Sender } from '../domain/ingest-target.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type ClientCerts } from './client-cert.ts';
import { trustCertificate, type Verified, verifySignature } from './verify-signature.ts';

export interface TrustPorts {
  readonly keys: Pick<KeyRing, 'keysOf' | 'maySendFor'>;
  readonly clientCerts: ClientCerts;
  /** Whether what is revoked is known; until then nobody is believed. */
  readonly keysKnown: () => boolean;
}

const keysUnknown = refuse('FS_KEYS_UNAVAILABLE', 'which keys are revoked is not known yet');
const certMissing = refuse('FS_SIGNATURE_INVALID', 'the client certificate does not name the sender in the path');

/** Whether a request is the sender's in its path: by its signature, by its client certificate, or by both. */
export function authenticate(
  { keys, clientCerts, keysKnown }: TrustPorts,
  request: IncomingMessage,
  sender: Sender,
  body: Buffer,
  nowMs: number,
): Verified | Refusal | Promise<Verified | Refusal> {
  if (!keysKnown()) return keysUnknown;
  const { headers } = request;
  if (clientCerts.mode !== 'off') {
    const named = clientCerts.names(request, sender) && !keys.keysOf(sender).revoked;
    if (clientCerts.mode === 'required' && !named) return certMissing;
    if (clientCerts.mode === 'instead' && named) return trustCertificate(headers, `msg_${randomUUID()}`, nowMs);
  }
  return verifySignature(keys, { sender, headers, body }, nowMs);
}
