import { createHash } from 'node:crypto';
import { contentTypes } from '@fleetstream/contracts';
import { type Request, type Response } from 'express';
import { z } from 'zod';

export const etagHeader = z.object({
  'if-none-match': z
    .string()
    .regex(/^[!-~]{1,512}$/)
    .optional(),
});

/** Sends JSON with an ETag of its content, or 304 when the caller has it already. */
export function sendTagged(request: Request, response: Response, body: unknown, tag?: string): void {
  const text = JSON.stringify(body);
  const etag = tag ?? `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  response.set({ etag, 'cache-control': 'private, no-cache' });
  const known = request
    .get('if-none-match')
    ?.split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  if (known?.includes(etag) === true || known?.includes('*') === true) response.status(304).end();
  else response.set('content-type', contentTypes.json).send(text);
}
