import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether an `authorization` header carries the token. Hashes first, so that the comparison takes the same time
 * whatever was sent, its length included.
 */
export function createTokenCheck(token: string): (authorization: string | undefined) => boolean {
  const wanted = digest(token);
  return (authorization) => {
    const given = /^Bearer ([^\s]{1,512})$/i.exec(authorization ?? '')?.[1];
    return timingSafeEqual(digest(given ?? ''), wanted) && given !== undefined;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
