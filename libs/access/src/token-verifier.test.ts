import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAtLeast, roles } from './roles.ts';
import { serviceTokensSchema } from './service-tokens.ts';
import { signToken } from './sign-token.ts';
import { createTokenVerifier } from './token-verifier.ts';

const secret = 'a secret of at least thirty-two bytes';
const claims = { subject: 'ada', role: 'operator', expiresInSeconds: 60 } as const;
const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe('a token under a shared secret', async () => {
  const verifier = createTokenVerifier({ keys: { kind: 'secret', secret }, issuer: 'us', audience: 'fleet' });
  const ours = { ...claims, issuer: 'us', audience: 'fleet' } as const;
  const good = await signToken(secret, ours);
  const [head = '', body = '', signature = ''] = good.split('.');
  const raw = (payload: object, alg = 'HS256') =>
    new SignJWT({ ...payload }).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
  const inAMinute = Math.floor(Date.now() / 1000) + 60;

  it('says who speaks and as what', async () => {
    expect(await verifier.verify(`Bearer ${good}`)).toEqual({
      kind: 'granted',
      subject: 'ada',
      role: 'operator',
      scopes: {},
      expiresAtMs: expect.any(Number) as number,
    });
  });

  it.each([
    { name: 'no header', header: undefined, detail: 'needed' },
    { name: 'another scheme', header: `Basic ${good}`, detail: 'needed' },
    { name: 'no token', header: 'Bearer ', detail: 'needed' },
    { name: 'something that is no token', header: 'Bearer abc', detail: 'not signed' },
    { name: 'a token that is too long', header: `Bearer ${'a'.repeat(9000)}`, detail: 'longer' },
    { name: 'a changed body', header: `Bearer ${head}.${body.slice(0, -2)}AA.${signature}`, detail: 'not signed' },
    { name: 'no signature', header: `Bearer ${encoded('{"alg":"none"}')}.${body}.`, detail: 'not signed' },
    { name: 'another secret', header: `Bearer ${await signToken(`${secret}!`, ours)}`, detail: 'not signed' },
    { name: 'another algorithm', header: `Bearer ${await raw(ours, 'HS512')}`, detail: 'not signed' },
    {
      name: 'an old token',
      header: `Bearer ${await signToken(secret, { ...ours, expiresInSeconds: -31 })}`,
      detail: 'expired',
    },
    {
      name: 'another issuer',
      header: `Bearer ${await signToken(secret, { ...ours, issuer: 'them' })}`,
      detail: '"iss"',
    },
    {
      name: 'another audience',
      header: `Bearer ${await signToken(secret, { ...ours, audience: 'x' })}`,
      detail: '"aud"',
    },
    {
      name: 'no expiry',
      header: `Bearer ${await raw({ sub: 'ada', iss: 'us', aud: 'fleet', role: 'admin' })}`,
      detail: '"exp"',
    },
    {
      name: 'no subject',
      header: `Bearer ${await raw({ iss: 'us', aud: 'fleet', role: 'admin', exp: inAMinute })}`,
      detail: '"sub"',
    },
  ])('is refused: $name', async ({ header, detail }) => {
    const access = await verifier.verify(header);
    expect(access).toMatchObject({ kind: 'denied', code: 'FS_TOKEN_INVALID' });
    expect(access.kind === 'denied' ? access.detail : '').toContain(detail);
  });

  it('is forbidden everything without a role that is known', async () => {
    const token = await raw({ sub: 'ada', iss: 'us', aud: 'fleet', role: 'root', exp: inAMinute });
    expect(await verifier.verify(`Bearer ${token}`)).toMatchObject({ kind: 'denied', code: 'FS_FORBIDDEN' });
  });

  it('says for which fleets and sites it is', async () => {
    const scopes = { fleets: ['hall'], sites: [] };
    const token = await signToken(secret, { ...ours, scopes });
    expect(await verifier.verify(`Bearer ${token}`)).toMatchObject({ kind: 'granted', scopes });
  });

  it.each([{ fleets: 'hall' }, { sites: [1] }, { fleets: null }, { fleets: Array(257).fill('f') }])(
    'is forbidden everything when its scopes are not lists of names: %#',
    async (claim) => {
      const token = await raw({ sub: 'ada', iss: 'us', aud: 'fleet', role: 'admin', exp: inAMinute, ...claim });
      expect(await verifier.verify(`Bearer ${token}`)).toMatchObject({ kind: 'denied', code: 'FS_FORBIDDEN' });
    },
  );

  it("may be a machine's, which is known by its hash", async () => {
    const sha256 = createHash('sha256').update('fst_machine').digest('hex');
    const serviceTokens = [{ subject: 'wms', role: 'operator', sha256, fleets: ['hall'] }] as const;
    const machines = createTokenVerifier({
      keys: { kind: 'secret', secret },
      serviceTokens: serviceTokensSchema.parse(serviceTokens),
    });
    expect(await machines.verify('Bearer fst_machine')).toEqual({
      ...{ kind: 'granted', subject: 'wms', role: 'operator' },
      scopes: { fleets: ['hall'] },
    });
    for (const other of ['fst_machine2', sha256]) {
      expect(await machines.verify(`Bearer ${other}`)).toMatchObject({ kind: 'denied', code: 'FS_TOKEN_INVALID' });
    }
  });

  it('wants a secret as long as the hash', () => {
    expect(() => createTokenVerifier({ keys: { kind: 'secret', secret: 'x'.repeat(31) } })).toThrow('32 bytes');
  });
});

describe('a token of an identity provider', () => {
  let server: Server;
  let url: string;
  let good: string;
  let foreign: string;

  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const stranger = await generateKeyPair('ES256');
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] });
    server = createServer((request, response) => {
      response.writeHead(request.url === '/keys' ? 200 : 500, { 'content-type': 'application/json' }).end(keys);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const token = () =>
      new SignJWT({ role: 'viewer' })
        .setSubject('bob')
        .setExpirationTime('1m')
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' });
    good = await token().sign(privateKey);
    foreign = await token().sign(stranger.privateKey);
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('passes when it is signed with a published key, and not otherwise', async () => {
    const verifier = createTokenVerifier({ keys: { kind: 'jwks', url: `${url}/keys` } });
    expect(await verifier.verify(`Bearer ${good}`)).toMatchObject({ subject: 'bob', role: 'viewer' });
    expect(await verifier.verify(`Bearer ${foreign}`)).toMatchObject({ code: 'FS_TOKEN_INVALID' });
    const underSecret = await signToken(secret, claims);
    expect(await verifier.verify(`Bearer ${underSecret}`)).toMatchObject({ code: 'FS_TOKEN_INVALID' });
  });

  it.each(['/broken', ':1/keys'])('is not judged when the keys do not come: %s', async (path) => {
    const away = path.startsWith(':') ? 'http://127.0.0.1:1/keys' : url + path;
    const verifier = createTokenVerifier({ keys: { kind: 'jwks', url: away } });
    await expect(verifier.verify(`Bearer ${good}`)).rejects.toMatchObject({ code: 'FS_ACCESS_KEYS_UNAVAILABLE' });
  });
});

it('each role may do what those before it may', () => {
  expect(roles.map((role) => roles.filter((needed) => isAtLeast(role, needed)).length)).toEqual([1, 2, 3, 4]);
});
