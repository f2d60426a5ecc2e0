import { type IncomingMessage } from 'node:http';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type ByteHold } from './byte-budget.ts';

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** For the whole body, in milliseconds: a sender that trickles doesn't prolong it. */
  readonly timeoutMs: number;
  readonly hold: ByteHold;
}

export type BodyRead =
  | { readonly kind: 'body'; readonly body: Buffer }
  | Refusal
  /** The sender hung up: there is nobody to answer. */
  | { readonly kind: 'gone' };

/** Reads a body, and no further than its limits: what is too large is refused at its announcement or its first byte past the limit. */
export function readBody(request: IncomingMessage, options: ReadBodyOptions): Promise<BodyRead> {
  const { maxBytes, hold } = options;
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve(tooLarge(maxBytes));
  if (!hold.take(0)) return Promise.resolve(overloaded());
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let ended = false;
    const end = (read: BodyRead) => {
      ended = true;
      clearTimeout(timer);
      if (read.kind !== 'body') {
        // Whatever still comes must not pile up, neither here nor in the stream's buffer; see `discardRest`.
        request.off('data', onData).off('end', onEnd);
        request.pause();
      }
      resolve(read);
    };
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) end(tooLarge(maxBytes));
      else if (!hold.take(chunk.length)) end(overloaded());
      else chunks.push(chunk);
    };
    const onEnd = () => {
      const [first] = chunks;
      end({ kind: 'body', body: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks) });
    };
    const onClose = () => {
      // Comes after every body too, when all is said.
      if (!ended) end({ kind: 'gone' });
    };
    const timer = setTimeout(() => {
      end(refuse('FS_BODY_TIMEOUT', `the body did not end within ${options.timeoutMs} ms`));
    }, options.timeoutMs);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

function tooLarge(maxBytes: number): Refusal {
  return refuse('FS_BODY_TOO_LARGE', `the body has more than ${maxBytes} bytes`);
}

function overloaded(): Refusal {
  return refuse('FS_OVERLOADED', 'this pod holds as many bytes as it may');
}
