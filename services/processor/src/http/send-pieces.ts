import { once } from 'node:events';
import { contentTypes } from '@fleetstream/contracts';
import { type Response } from 'express';

/**
 * Sends a JSON body piece by piece, no faster than it is taken. What fails before the first piece is a problem document
 * like any other; later the connection is cut, so that nobody takes half a body for a whole.
 */
export async function sendPieces(response: Response, pieces: AsyncIterable<string>): Promise<void> {
  response.set('content-type', contentTypes.json);
  try {
    for await (const piece of pieces) {
      if (response.destroyed) return;
      if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  } catch (thrown) {
    if (!response.headersSent) throw thrown;
    response.destroy();
  }
}
