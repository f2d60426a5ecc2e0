import { AppError, errorCatalogue, type ErrorCode, toAppError } from '@fleetstream/kernel';

/** The other instances' APIs. */
export interface Peers {
  /**
   * Asks another instance with our token.
   *
   * @returns the body of a 200
   * @throws AppError with the other's code for a problem document, FS_NOT_READY when it doesn't answer
   */
  get(baseUrl: string, path: string): Promise<string>;
}

/** Tells an instance that another one asks, so that it answers itself or not at all. */
export const forwardedHeader = 'x-fleetstream-forwarded';

const timeoutMs = 20_000;
const maxBodyBytes = 512 * 1024 * 1024;

export function createPeers(token: string): Peers {
  return {
    get: async (baseUrl, path) => {
      try {
        const response = await fetch(new URL(path, baseUrl), {
          headers: { authorization: `Bearer ${token}`, [forwardedHeader]: '1' },
          signal: AbortSignal.timeout(timeoutMs),
          // A peer never sends elsewhere; whoever does is no peer, and the token is not for them.
          redirect: 'error',
        });
        if (Number(response.headers.get('content-length') ?? 0) > maxBodyBytes) {
          throw new AppError('FS_NOT_READY', 'The answer of another instance is too large');
        }
        const body = await response.text();
        if (response.ok) return body;
        throw new AppError(toCode(body), 'Another instance refused');
      } catch (thrown) {
        throw toAppError(thrown, 'FS_NOT_READY', 'The owner of the partition did not answer', { baseUrl });
      }
    },
  };
}

function toCode(body: string): ErrorCode {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    if (typeof code === 'string' && Object.hasOwn(errorCatalogue, code)) return code as ErrorCode;
  } catch {
    // Not a problem document: something else answers at the owner's address.
  }
  return 'FS_NOT_READY';
}
