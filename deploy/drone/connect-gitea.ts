import { AppError } from '@fleetstream/kernel';

/** What Drone needs to let Gitea's users sign in. */
export interface OAuthClient {
  readonly id: string;
  readonly secret: string;
}

const timeoutMs = 10_000;

/**
 * Makes Drone known to Gitea as an OAuth application, by Gitea's API and in the owner's name. Each call makes another
 * one: Gitea tells a secret only once.
 *
 * @throws AppError FS_NOT_READY when Gitea is silent or refuses
 */
export async function createOAuthClient(options: {
  readonly giteaUrl: string;
  readonly user: string;
  readonly password: string;
  /** Where browsers come back to after they have signed in. */
  readonly redirectUrl: string;
}): Promise<OAuthClient> {
  const { giteaUrl, user, password, redirectUrl } = options;
  let answer: Response;
  try {
    answer = await fetch(`${giteaUrl}/api/v1/user/applications/oauth2`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name: 'drone', redirect_uris: [redirectUrl], confidential_client: true }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (thrown) {
    throw new AppError('FS_NOT_READY', `Gitea doesn't answer at ${giteaUrl}: is it up?`, { cause: thrown });
  }
  if (answer.status !== 201) {
    const hint = answer.status === 401 ? ': has the owner been made, with the password of .env?' : '';
    throw new AppError('FS_NOT_READY', `Gitea refused the application with HTTP ${answer.status}${hint}`);
  }
  const { client_id: id, client_secret: secret } = (await answer.json()) as Record<string, unknown>;
  if (typeof id !== 'string' || typeof secret !== 'string') {
    throw new AppError('FS_NOT_READY', 'Gitea answered without an id and a secret.');
  }
  return { id, secret };
}
