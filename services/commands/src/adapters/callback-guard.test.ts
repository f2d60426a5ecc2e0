import { once } from 'node:events';
import { type LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CallbackGuardOptions, createCallbackGuard } from './callback-guard.ts';
import { type CallbackAnswer, createCallbackPoster } from './post-callback.ts';

/** What a resolver that anybody can write to answers, one list after the other; the last one stays. */
const zone: Readonly<Record<string, readonly (readonly string[])[]>> = {
  localhost: [['127.0.0.1', '::1']],
  'evil.example': [['127.0.0.1']],
  'evil6.example': [['::1']],
  'mapped.example': [['::ffff:127.0.0.1']],
  'mixed.example': [['8.8.8.8', '127.0.0.1']],
  'metadata.example': [['169.254.169.254']],
  'zero.example': [['0.0.0.0']],
  'any6.example': [['::']],
  'nat64.example': [['64:ff9b::7f00:1']],
  'teredo.example': [['2001:0:7f00:1::1']],
  'sixtofour.example': [['2002:7f00:1::']],
  'scoped.example': [['fe80::1%lo']],
  'nothing.example': [[]],
};

let server: Server;
let port: number;
let reached: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    reached.push(request.url ?? '');
    if (request.url === '/away') response.writeHead(307, { location: `http://127.0.0.1:${port}/inside` }).end();
    else response.writeHead(204).end();
  });
  server.on('connection', () => reached.push('connected'));
  // All addresses, of both families: whatever leads to this machine gets here.
  server.listen(0, '::');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

beforeEach(() => {
  reached = [];
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function createResolver() {
  const asked: string[] = [];
  const resolve = ((hostname: string, _options: unknown, callback: (...told: unknown[]) => void) => {
    asked.push(hostname);
    const answers = zone[hostname.replace(/\.$/, '').toLowerCase()];
    const addresses = answers?.[Math.min(asked.length, answers.length) - 1];
    const found: LookupAddress[] = (addresses ?? []).map((address) => ({ address, family: isIP(address) }));
    callback(answers === undefined ? new Error('ENOTFOUND') : null, found);
  }) as unknown as NonNullable<CallbackGuardOptions['resolve']>;
  return { asked, resolve };
}

async function post(url: string, options: Partial<CallbackGuardOptions> = {}): Promise<CallbackAnswer> {
  const guard = createCallbackGuard({ allowPrivate: false, resolve: createResolver().resolve, ...options });
  const poster = createCallbackPoster(guard);
  const answer = await poster.post({ url, headers: {}, body: Buffer.from('{}'), timeoutMs: 3000 });
  poster.close();
  return answer;
}

/** `P` stands for the port that listens; each reaches it when nobody guards, or names what must not be called either. */
const spellings = [
  'https://127.0.0.1:P/',
  'https://127.0.0.1.:P/',
  'https://127.1:P/',
  'https://127.0.1:P/',
  'https://127.255.255.254:P/',
  'https://2130706433:P/',
  'https://0x7f000001:P/',
  'https://0x7f.0.0.1:P/',
  'https://0x7F.0x0.0x0.0x1:P/',
  'https://0177.0.0.1:P/',
  'https://017700000001:P/',
  'https://0177.0x0.0.01:P/',
  'https://%31%32%37.0.0.1:P/',
  'https://１２７.０.０.１:P/',
  'https://127。0。0。1:P/',
  'https://①②⑦.⓪.⓪.①:P/',
  'https://0:P/',
  'https://0.0.0.0:P/',
  'https://0x0:P/',
  'https://[::1]:P/',
  'https://[0:0:0:0:0:0:0:1]:P/',
  'https://[::]:P/',
  'https://[::ffff:127.0.0.1]:P/',
  'https://[::ffff:7f00:1]:P/',
  'https://[0:0:0:0:0:ffff:127.0.0.1]:P/',
  'https://[::127.0.0.1]:P/',
  'https://[::ffff:0:127.0.0.1]:P/',
  'https://[64:ff9b::127.0.0.1]:P/',
  'https://[64:ff9b:1::7f00:1]:P/',
  'https://[2001:0:7f00:1::1]:P/',
  'https://[2002:7f00:1::]:P/',
  'https://[fe80::1]:P/',
  'https://[fec0::1]:P/',
  'https://[fc00::1]:P/',
  'https://[fd00:ec2::254]/latest/meta-data',
  'https://[ff02::1]:P/',
  'https://[2001:db8::1]:P/',
  'https://10.0.0.1:P/',
  'https://172.16.0.1:P/',
  'https://172.31.255.255:P/',
  'https://192.168.0.1:P/',
  'https://100.64.0.1:P/',
  'https://100.100.100.200/latest/meta-data',
  'https://169.254.169.254/latest/meta-data',
  'https://0xa9fea9fe/latest/meta-data',
  'https://198.18.0.1:P/',
  'https://224.0.0.1:P/',
  'https://255.255.255.255:P/',
  'https://localhost:P/',
  'https://LOCALHOST:P/',
  'https://localhost.:P/',
  'https://ｌｏｃａｌｈｏｓｔ:P/',
  'https://robot.localhost:P/',
  'https://metadata.google.internal/',
  'https://evil.example:P/',
  'https://evil.example.:P/',
  'https://evil6.example:P/',
  'https://mapped.example:P/',
  'https://mixed.example:P/',
  'https://metadata.example/',
  'https://zero.example:P/',
  'https://any6.example:P/',
  'https://nat64.example:P/',
  'https://teredo.example:P/',
  'https://sixtofour.example:P/',
  'https://scoped.example:P/',
  'https://nothing.example:P/',
  'https://public.example@127.0.0.1:P/',
  'https://public.example:443@127.0.0.1:P/',
  'https://127.0.0.1:P@public.example/',
  'https://public.example%40127.0.0.1:P/',
  'https://127.0.0.1:P\\@public.example/',
  'https://public.example#@127.0.0.1:P/',
  'https://8.8.8.8:22/',
  'https://8.8.8.8:25/',
  'http://127.0.0.1:P/',
  'http://8.8.8.8:P/',
  'http:127.0.0.1:P/',
  'HTTP://evil.example:P/',
  'ftp://127.0.0.1:P/',
  'file:///etc/hostname',
  'gopher://127.0.0.1:P/_x',
  'data:text/plain,x',
  'unix:/var/run/docker.sock',
  '//127.0.0.1:P/',
  'https://',
  '',
] as const;

describe('a callback', () => {
  it('has more than forty spellings here of what it must not reach', () => {
    expect(new Set(spellings).size).toBe(spellings.length);
    expect(spellings.length).toBeGreaterThanOrEqual(40);
  });

  it.each(spellings)('reaches nothing as %s', async (spelling) => {
    const answer = await post(spelling.replace('P', String(port)));
    expect(answer).toMatchObject({ kind: 'failed', unsent: true });
    expect(reached).toEqual([]);
  });

  // What shows that the server would have noticed.
  it.each(['127.0.0.1', '127.1', '2130706433', '0177.0.0.1', '[::ffff:127.0.0.1]', 'localhost', 'evil.example'])(
    'reaches a robot of our own network at %s when that is allowed',
    async (host) => {
      expect(await post(`http://${host}:${port}/robot`, { allowPrivate: true })).toEqual({ kind: 'delivered' });
      expect(reached).toEqual(['connected', '/robot']);
    },
  );

  it('reaches the networks that it may, and no other private one', async () => {
    const networks = ['127.0.0.2/32', 'fd00::/64'];
    expect(await post(`http://127.0.0.2:${port}/robot`, { networks })).toEqual({ kind: 'delivered' });
    reached = [];
    for (const host of ['127.0.0.1', '127.0.0.3', '[::1]', 'evil.example', '8.8.8.8']) {
      expect(await post(`http://${host}:${port}/robot`, { networks })).toMatchObject({ kind: 'failed', unsent: true });
    }
    expect(reached).toEqual([]);
  });

  it('is not led elsewhere by a name that changes its address between check and use', async () => {
    const asked: string[] = [];
    const addresses = ['127.0.0.2', '127.0.0.1'];
    const resolve = ((hostname: string, _options: unknown, callback: (...told: unknown[]) => void) => {
      callback(null, [{ address: addresses[asked.push(hostname) - 1] ?? '127.0.0.1', family: 4 }]);
    }) as unknown as NonNullable<CallbackGuardOptions['resolve']>;
    const options = { networks: ['127.0.0.2/32'], resolve };
    expect(await post(`http://rebinding.example:${port}/robot`, options)).toEqual({ kind: 'delivered' });
    expect([asked, reached]).toEqual([['rebinding.example'], ['connected', '/robot']]);
    // The next connection asks anew, and is refused.
    expect(await post(`http://rebinding.example:${port}/robot`, options)).toMatchObject({ unsent: true });
    expect(reached).toHaveLength(2);
  });

  it('is not led elsewhere by a redirect', async () => {
    const answer = await post(`http://127.0.0.1:${port}/away`, { allowPrivate: true });
    expect(answer).toEqual({ kind: 'failed', reason: 'the robot answered 307', unsent: false });
    expect(reached).toEqual(['connected', '/away']);
  });
});
