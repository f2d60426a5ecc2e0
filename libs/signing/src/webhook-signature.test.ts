import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { deriveRobotSecret, parseSecretText, toSecretText } from './robot-secret.ts';
import { signatureHeaders, signContent, toSigningKey, verifyContent } from './webhook-signature.ts';

const masterKey = Buffer.alloc(32, 1);
const secret = deriveRobotSecret(masterKey, 'r-1', 1);
const other = deriveRobotSecret(masterKey, 'r-1', 2);
const content = { id: 'msg_1', timestamp: '1772359200', body: Buffer.from('{"a":1}') };
const signature = signContent(secret, content);

describe('verifyContent', () => {
  it.each([
    { name: 'the right signature fits', header: signature, fits: true },
    { name: 'one of several fits, as in a rotation', header: `v1,AAAA ${signature}`, fits: true },
    { name: 'an unknown version beside it does no harm', header: `v1a,AAAA ${signature}`, fits: true },
    { name: 'a signature of another version does not count', header: signature.replace('v1,', 'v2,'), fits: false },
    { name: 'a cut signature does not fit', header: signature.slice(0, -8), fits: false },
    { name: 'no signature at all does not fit', header: '', fits: false },
    { name: 'nor does an empty one', header: 'v1,', fits: false },
    { name: 'the ninth signature is not looked at', header: `${'v1,AAAA '.repeat(8)}${signature}`, fits: false },
    { name: 'the eighth is', header: `${'v1,AAAA '.repeat(7)}${signature}`, fits: true },
  ])('$name', ({ header, fits }) => {
    expect(verifyContent([other, secret], content, header)).toBe(fits);
  });

  it.each([
    { name: 'another id', changed: { ...content, id: 'msg_2' } },
    { name: 'another timestamp', changed: { ...content, timestamp: '1772359201' } },
    { name: 'another body', changed: { ...content, body: Buffer.from('{"a":2}') } },
  ])('does not fit $name', ({ changed }) => {
    expect(verifyContent([secret], changed, signature)).toBe(false);
  });

  it('takes a key made of the secret for the secret', () => {
    expect(verifyContent([toSigningKey(secret)], content, signature)).toBe(true);
    expect(signContent(toSigningKey(secret), content)).toBe(signature);
  });

  it('fits no secret but the one it was made with', () => {
    expect(verifyContent([other, deriveRobotSecret(masterKey, 'r-2', 1)], content, signature)).toBe(false);
    expect(verifyContent([], content, signature)).toBe(false);
  });
});

describe('with the SDK of Standard Webhooks', () => {
  const sdk = new Webhook(toSecretText(secret));
  const now = Math.floor(Date.now() / 1000);

  it('signs and verifies the same as we do, whatever the text', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: 'grapheme', maxLength: 200 }), (id, text) => {
        const body = Buffer.from(text);
        const timestamp = String(now);
        const ours = signContent(secret, { id, timestamp, body });
        expect(sdk.sign(id, new Date(now * 1000), text)).toBe(ours);
        expect(verifyContent([secret], { id, timestamp, body }, ours)).toBe(true);
        const headers = {
          [signatureHeaders.id]: id,
          [signatureHeaders.timestamp]: timestamp,
          [signatureHeaders.signature]: ours,
        };
        expect(() => sdk.verify(body, headers, { jsonParse: false })).not.toThrow();
      }),
    );
  });
});

describe('robot secrets', () => {
  it('differ by robot, by version and by master key, and are always the same', () => {
    const all = [
      deriveRobotSecret(masterKey, 'r-1', 1),
      deriveRobotSecret(masterKey, 'r-1', 2),
      deriveRobotSecret(masterKey, 'r-2', 1),
      deriveRobotSecret(masterKey, 'r-1:1', 1),
      deriveRobotSecret(Buffer.alloc(32, 2), 'r-1', 1),
    ].map((one) => one.toString('hex'));
    expect(new Set(all).size).toBe(all.length);
    // Robots hold it: a change of derivation would lock every one of them out.
    expect(secret.toString('hex')).toBe('f3b1c112277bef37663c1b87018d52b2cae536b18b7ac7e269cacf179b5d77a7');
  });

  it.each([
    { name: 'what we print', text: toSecretText(secret), valid: true },
    { name: 'no prefix', text: secret.toString('base64'), valid: false },
    { name: 'too short', text: `whsec_${Buffer.alloc(23).toString('base64')}`, valid: false },
    { name: 'the shortest', text: `whsec_${Buffer.alloc(24).toString('base64')}`, valid: true },
    { name: 'the longest', text: `whsec_${Buffer.alloc(64).toString('base64')}`, valid: true },
    { name: 'too long', text: `whsec_${Buffer.alloc(65).toString('base64')}`, valid: false },
    { name: 'not base64', text: 'whsec_%%%', valid: false },
  ])('parseSecretText: $name', ({ text, valid }) => {
    expect(parseSecretText(text) !== undefined).toBe(valid);
  });

  it('reads back what it prints', () => {
    expect(parseSecretText(toSecretText(secret))).toEqual(secret);
  });
});
