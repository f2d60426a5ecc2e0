import { type IncomingMessage } from 'node:http';

/** Read and thrown away at most; then the connection is cut. */
const maxDiscardedBytes = 4 * 1024 * 1024;
const maxDiscardMs = 1000;

/**
 * Lets the rest of a body that was refused run into nothing, within limits. Closing on unread bytes would make the
 * kernel reset the connection, and the sender, still writing, would see the reset instead of the answer (RFC 9112, 9.6).
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let discarded = 0;
  const cut = () => request.destroy();
  const timer = setTimeout(cut, maxDiscardMs);
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maxDiscardedBytes) cut();
  });
  request.once('close', () => {
    clearTimeout(timer);
  });
  request.once('end', () => {
    clearTimeout(timer);
  });
  request.once('error', cut);
  request.resume();
}
