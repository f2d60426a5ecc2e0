import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlatformServer } from './platform-server.ts';
import { createRegistrySaver, loadRegistry } from './registry-file.ts';
import { RobotRegistry } from './robot-registry.ts';

let url = '';
let close: () => Promise<void>;

beforeEach(async () => {
  const server = createPlatformServer({ registry: new RobotRegistry(), onChanged: () => Promise.resolve() });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
});

afterEach(() => close());

async function ask(path: string, init?: RequestInit): Promise<{ status: number; body: unknown; etag: string }> {
  const answer = await fetch(url + path, init);
  const text = await answer.text();
  return {
    status: answer.status,
    body: text === '' ? undefined : JSON.parse(text),
    etag: answer.headers.get('etag') ?? '',
  };
}

const post = (body: unknown) => ask('/robots', { method: 'POST', body: JSON.stringify(body) });

describe('the Robot Platform stand-in', () => {
  it('lists robots in pages, in the order of their ids', async () => {
    await post({ robots: ['c', 'a', 'e', 'b', 'd'].map((id) => ({ id, name: `Robot ${id}`, site: 's1' })) });
    const seen: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const { body } = await ask(`/robots?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      const page = body as { robots: { id: string }[]; nextCursor?: string };
      seen.push(page.robots.map(({ id }) => id).join(''));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['ab', 'cd', 'e']);
  });

  it('updates a robot it knows and answers for one', async () => {
    await post([{ id: 'a', name: 'old' }]);
    await post([{ id: 'a', name: 'new', model: 'm' }]);
    expect((await ask('/robots/a')).body).toEqual({ id: 'a', name: 'new', model: 'm' });
    expect((await ask('/robots/b')).status).toBe(404);
    expect((await ask('/healthz')).body).toEqual({ status: 'ok', robots: 1 });
  });

  it('says 304 of a page until that page changes', async () => {
    await post([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    const paths = ['/robots?limit=2', '/robots?limit=2&cursor=b', '/robots/a'];
    const tags = await Promise.all(paths.map(async (path) => (await ask(path)).etag));
    const statuses = () =>
      Promise.all(
        paths.map(async (path, at) => (await ask(path, { headers: { 'if-none-match': tags[at] ?? '' } })).status),
      );
    expect(await statuses()).toEqual([304, 304, 304]);
    await post([{ id: 'c', site: 'elsewhere' }]);
    expect(await statuses()).toEqual([304, 200, 304]);
  });

  it('forgets a robot', async () => {
    await post([{ id: 'a', tags: ['new'] }, { id: 'b' }]);
    expect((await ask('/robots/b', { method: 'DELETE' })).status).toBe(204);
    expect((await ask('/robots/b', { method: 'DELETE' })).status).toBe(404);
    expect((await ask('/robots')).body).toEqual({ robots: [{ id: 'a', tags: ['new'] }], total: 1 });
  });

  it.each([
    { name: 'a robot without an id', body: [{ name: 'x' }], status: 400 },
    { name: 'an id that is none', body: [{ id: '../x' }], status: 400 },
    { name: 'a name that is no text', body: [{ id: 'a', name: 1 }], status: 400 },
    { name: 'tags that are none', body: [{ id: 'a', tags: [1] }], status: 400 },
    { name: 'something else', body: { robot: 1 }, status: 400 },
  ])('refuses $name and keeps nothing of the request', async ({ body, status }) => {
    expect((await post(body)).status).toBe(status);
    expect((await ask('/healthz')).body).toMatchObject({ robots: 0 });
  });

  it('refuses pages of no size, other methods and other paths', async () => {
    expect((await ask('/robots?limit=0')).status).toBe(400);
    expect((await ask('/robots', { method: 'DELETE' })).status).toBe(405);
    expect((await ask('/robots/a/b')).status).toBe(404);
    expect((await ask('/robots/%ff')).status).toBe(404);
  });
});

describe('the Robot Platform stand-in with a token', () => {
  it('lets only who shows it read robots', async () => {
    const server = createPlatformServer({
      registry: new RobotRegistry(),
      onChanged: () => Promise.resolve(),
      token: 'sesame',
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const statusWith = async (headers: Record<string, string>) => (await fetch(`${at}/robots`, { headers })).status;
    expect(await statusWith({})).toBe(401);
    expect(await statusWith({ authorization: 'Bearer open' })).toBe(401);
    expect(await statusWith({ authorization: 'Bearer sesame' })).toBe(200);
    expect(await statusWith({ 'x-api-key': 'sesame' })).toBe(200);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the registry file', () => {
  it('brings robots back, however many saves were asked for at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'registry-'));
    const file = join(folder, 'robots.json');
    const registry = new RobotRegistry();
    const save = createRegistrySaver(registry, file);
    const saves = ['a', 'b', 'c'].map((id) => {
      registry.upsert([{ id }]);
      return save();
    });
    await Promise.all(saves);
    const loaded = new RobotRegistry();
    await loadRegistry(loaded, file);
    expect(loaded.all().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    await rm(folder, { recursive: true });
  });
});
