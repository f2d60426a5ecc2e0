import { generateKeyPairSync } from 'node:crypto';
import {
  createKeyRing,
  deriveRobotSecret,
  signContent,
  signContentPublic,
  toPublicKeyText,
} from '@fleetstream/signing';
import { describe, expect, it } from 'vitest';
import { verifySignature } from './verify-signature.ts';

const masterKey = Buffer.alloc(32, 9);
const nowMs = 1_772_359_200_000;
const keys = createKeyRing({ masterKey, keyVersions: [1, 2], nowMs: () => nowMs });
const body = Buffer.from('{}');

interface Signed {
  readonly id?: string;
  readonly timestamp?: string;
  readonly robotId?: string;
  readonly version?: number;
}

function sign({ id = 'msg_1', timestamp = '1772359200', robotId = 'r-1', version = 1 }: Signed = {}) {
  const signature = signContent(deriveRobotSecret(masterKey, robotId, version), { id, timestamp, body });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

const verify = (headers: Record<string, string>) =>
  verifySignature(keys, { sender: { kind: 'robot', id: 'r-1' }, headers, body }, nowMs);

describe('verifySignature', () => {
  it.each([
    { name: 'a key version in force', signed: {}, clock: false },
    { name: 'the other key version in force', signed: { version: 2 }, clock: false },
    { name: 'a clock five minutes behind', signed: { timestamp: '1772358900' }, clock: false },
    { name: 'a clock further behind, told', signed: { timestamp: '1772358899' }, clock: true },
    { name: 'a clock days ahead, told', signed: { timestamp: '1782359200' }, clock: true },
  ])('accepts $name', ({ signed, clock }) => {
    expect(verify(sign(signed))).toMatchObject({ kind: 'verified', webhookId: 'msg_1', clockOutOfWindow: clock });
  });

  it.each([
    { name: 'a key version that is not', signed: { version: 3 } },
    { name: 'another robot', signed: { robotId: 'r-2' } },
    { name: 'a timestamp with a dot, which could be part of the body', signed: { timestamp: '1.5' } },
    { name: 'an id that could be part of a body', signed: { id: 'msg.17.{"a":1' } },
    { name: 'an id of blanks', signed: { id: ' ' } },
    { name: 'an id that is too long', signed: { id: 'x'.repeat(121) } },
  ])('refuses $name', ({ signed }) => {
    expect(verify(sign(signed))).toMatchObject({ kind: 'refused', code: 'FS_SIGNATURE_INVALID' });
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('misses %s', (name) => {
    const headers = Object.fromEntries(Object.entries(sign()).filter(([key]) => key !== name));
    expect(verify(headers)).toMatchObject({ kind: 'refused', code: 'FS_SIGNATURE_MISSING' });
  });

  it('accepts the ed25519 signature of a key that the robot registered, beside others', async () => {
    const own = generateKeyPairSync('ed25519');
    const foreign = generateKeyPairSync('ed25519');
    keys.apply('robot:r-1', JSON.stringify({ publicKeys: [toPublicKeyText(own.publicKey)] }));
    const content = { id: 'msg_1', timestamp: '1772359200', body };
    const signed = (...pairs: readonly (typeof own)[]) => ({
      ...sign(),
      'webhook-signature': ['v1,AAAA', ...pairs.map(({ privateKey }) => signContentPublic(privateKey, content))].join(
        ' ',
      ),
    });
    expect(await verify(signed(own))).toMatchObject({ kind: 'verified' });
    expect(await verify(signed(foreign, own))).toMatchObject({ kind: 'verified' });
    expect(await verify(signed(foreign))).toMatchObject({ kind: 'refused', code: 'FS_SIGNATURE_INVALID' });
    keys.apply('robot:r-1', JSON.stringify({ publicKeys: [toPublicKeyText(own.publicKey)], revoked: true }));
    expect(await verify(signed(own))).toMatchObject({ kind: 'refused' });
    keys.apply('robot:r-1', '{}');
    expect(await verify(signed(own))).toMatchObject({ kind: 'refused' });
  });
});
