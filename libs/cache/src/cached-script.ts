import { createHash } from 'node:crypto';
import { type Redis } from 'ioredis';

/** Runs a Lua script by its hash, and sends the text when Redis doesn't know it (yet, or since a restart). */
export function createCachedScript(redis: Redis, text: string): (args: readonly string[]) => Promise<unknown> {
  const hash = createHash('sha1').update(text).digest('hex');
  return async (args) => {
    try {
      return await redis.evalsha(hash, 0, ...args);
    } catch (thrown) {
      if (!(thrown instanceof Error) || !thrown.message.startsWith('NOSCRIPT')) throw thrown;
      return await redis.eval(text, 0, ...args);
    }
  };
}
