import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type SignedContent, signaturesOf } from './webhook-signature.ts';

/** What stands before the 32 bytes of an ed25519 key in DER (RFC 8410). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
/** The same before a private one (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const keyBytes = 32;
/** A verification takes 70 µs, off the main thread; one request may cost so many of them. */
const maxVerifications = 4;

/** Reads `whpk_…`, the form of Standard Webhooks for an ed25519 public key; `undefined` when it isn't one. */
export function parsePublicKeyText(text: string): KeyObject | undefined {
  const raw = parseKeyText('whpk_', text);
  return raw === undefined
    ? undefined
    : createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
}

/** The form of Standard Webhooks for an ed25519 public key. */
export function toPublicKeyText(key: KeyObject): string {
  return `whpk_${key.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length).toString('base64')}`;
}

/** Reads `whsk_…` with the 32 bytes of an ed25519 private key; `undefined` when it isn't one. */
export function parsePrivateKeyText(text: string): KeyObject | undefined {
  const raw = parseKeyText('whsk_', text);
  return raw === undefined
    ? undefined
    : createPrivateKey({ key: Buffer.concat([privatePrefix, raw]), format: 'der', type: 'pkcs8' });
}

function parseKeyText(prefix: string, text: string): Buffer | undefined {
  if (!text.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(text.slice(prefix.length))) return undefined;
  const raw = Buffer.from(text.slice(prefix.length), 'base64');
  return raw.length === keyBytes ? raw : undefined;
}

/** `v1a,<base64 of an ed25519 signature over "id.timestamp.body">`. */
export function signContentPublic(privateKey: KeyObject, content: SignedContent): string {
  return `v1a,${sign(null, toBytes(content), privateKey).toString('base64')}`;
}

/**
 * Whether one of the `v1a` signatures was made with the private half of one of the keys. In libuv's threads: the event
 * loop goes on with other robots meanwhile. At most four verifications a request, whatever it brings.
 */
export async function verifyContentPublic(
  keys: readonly KeyObject[],
  content: SignedContent,
  signatureHeader: string,
): Promise<boolean> {
  const bytes = toBytes(content);
  let left = maxVerifications;
  for (const signature of signaturesOf('v1a', signatureHeader)) {
    for (const key of keys) {
      if (left === 0) return false;
      left -= 1;
      if (await verifyInThread(key, bytes, signature)) return true;
    }
  }
  return false;
}

function verifyInThread(key: KeyObject, bytes: Buffer, signature: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    verify(null, bytes, key, signature, (failed, valid) => {
      // A signature that can't be read is no signature.
      resolve(failed === null && valid);
    });
  });
}

function toBytes({ id, timestamp, body }: SignedContent): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
}
