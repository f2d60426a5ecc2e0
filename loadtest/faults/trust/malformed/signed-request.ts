import { randomUUID } from 'node:crypto';
import { deriveRobotSecret, signatureHeaders, signContent } from '@fleetstream/signing';

/** What undici sends of a body as a robot signs it; also when the body is nothing that a robot should send. */
export function signedRequest(
  masterKey: Buffer,
  robotId: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = { 'content-type': 'application/cloudevents+json' },
): { method: 'POST'; path: string; headers: Record<string, string>; body: Buffer } {
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = signContent(deriveRobotSecret(masterKey, robotId, 1), { id, timestamp, body });
  return {
    method: 'POST',
    path: `/v1/robots/${robotId}/events`,
    headers: {
      ...headers,
      [signatureHeaders.id]: id,
      [signatureHeaders.timestamp]: timestamp,
      [signatureHeaders.signature]: signature,
    },
    body,
  };
}
