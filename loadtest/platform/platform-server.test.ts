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
  const server = createPlatformServer(new RobotRegistry(), () => Promise.resolve());
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

  it('says 304 until something changes', async () => {
    await post([{ id: 'a' }]);
    const { etag } = await ask('/robots');
    expect((await ask('/robots', { headers: { 'if-none-match': etag } })).status).toBe(304);
    await post([{ id: 'b' }]);
    expect((await ask('/robots', { headers: { 'if-none-match': etag } })).status).toBe(200);
  });

  it.each([
    { name: 'a robot without an id', body: [{ name: 'x' }], status: 400 },
    { name: 'an id that is none', body: [{ id: '../x' }], status: 400 },
    { name: 'a name that is no text', body: [{ id: 'a', name: 1 }], status: 400 },
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
