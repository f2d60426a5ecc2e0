import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createOAuthClient } from './connect-gitea.ts';

let server: Server | undefined;
afterEach(async () => {
  const last = server;
  server = undefined;
  if (last !== undefined) await new Promise((resolve) => last.close(resolve));
});

/** Gitea, as far as it is asked here. */
async function startGitea(status: number, body: object, seen: string[] = []): Promise<string> {
  const gitea = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`, request.headers.authorization ?? '', text);
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
    });
  });
  server = gitea;
  await new Promise<void>((resolve) => gitea.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(gitea.address() as AddressInfo).port}`;
}

const options = { user: 'fleet', password: 'word', redirectUrl: 'http://ci.fleetstream.test:3080/login' };

describe('createOAuthClient', () => {
  it('asks for a confidential client that comes back to Drone, in the name of the owner', async () => {
    const seen: string[] = [];
    const giteaUrl = await startGitea(201, { id: 1, client_id: 'i', client_secret: 's' }, seen);
    expect(await createOAuthClient({ ...options, giteaUrl })).toEqual({ id: 'i', secret: 's' });
    expect(seen).toEqual([
      'POST /api/v1/user/applications/oauth2',
      `Basic ${Buffer.from('fleet:word').toString('base64')}`,
      JSON.stringify({ name: 'drone', redirect_uris: [options.redirectUrl], confidential_client: true }),
    ]);
  });

  it.each([
    { name: 'the owner is not known', status: 401, body: {}, says: /HTTP 401: has the owner been made/ },
    { name: 'Gitea fails', status: 500, body: {}, says: /HTTP 500$/ },
    { name: 'the answer is another one', status: 201, body: { client_id: 'i' }, says: /without an id and a secret/ },
  ])('says so when $name', async ({ status, body, says }) => {
    const giteaUrl = await startGitea(status, body);
    await expect(createOAuthClient({ ...options, giteaUrl })).rejects.toThrow(says);
  });

  it('says so when nobody answers', async () => {
    const refused = createOAuthClient({ ...options, giteaUrl: 'http://127.0.0.1:1' });
    await expect(refused).rejects.toThrow(/is it up/);
  });
});
