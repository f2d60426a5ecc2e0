import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type EventKey, type IngestMemory } from '@fleetstream/cache';
import { type EventChecks, topics } from '@fleetstream/contracts';
import { type LogProducer } from '@fleetstream/kafka';
import { type KeyRing } from '@fleetstream/signing';
import { checkEvents } from '../../../services/webhook/src/domain/check-events.ts';
import { readIngestTarget } from '../../../services/webhook/src/domain/ingest-target.ts';
import { parseBody } from '../../../services/webhook/src/domain/parse-body.ts';
import { verifySignature } from '../../../services/webhook/src/http/verify-signature.ts';

export interface BareParts {
  readonly keys: KeyRing;
  readonly memory: IngestMemory;
  readonly logProducer: LogProducer;
  readonly checks: EventChecks;
}

const maxBodyBytes = 1024 * 1024;
const maxEventBytes = 256 * 1024;
const limits = { maxEvents: 500, maxEventBytes, maxJsonDepth: 32, maxTextBytes: 64 * 1024 };

/**
 * What somebody would write who wants nothing but this: the same checks, the same look at Redis and the same way to the
 * log as the product, without its budget of bytes, lanes, ranks, metrics, logs, problem documents and drain. The server's
 * own `requestTimeout` is its deadline of a body.
 */
export function createBareHandler(parts: BareParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= maxBodyBytes) chunks.push(chunk);
    });
    request.on('end', () => {
      if (sizeBytes > maxBodyBytes) {
        response.writeHead(413).end();
        return;
      }
      const [first] = chunks;
      void answer(parts, request, chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)).then(
        ({ status, text }) => {
          response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
          response.end(text);
        },
        () => {
          response.writeHead(500).end();
        },
      );
    });
  };
}

async function answer(
  { keys, memory, logProducer, checks }: BareParts,
  request: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const refused = (code: string, status: number) => ({ status, text: JSON.stringify({ code }) });
  const target = readIngestTarget(request.url ?? '');
  if (target === undefined) return refused('FS_NOT_FOUND', 404);
  if (target.kind === 'refused') return refused(target.code, 400);
  const { sender } = target;
  const { headers } = request;
  const trust = verifySignature(keys, { sender, headers, body }, Date.now());
  const verified = trust instanceof Promise ? await trust : trust;
  if (verified.kind === 'refused') return refused(verified.code, 401);
  const parsed = parseBody(headers, body, limits);
  if (parsed.kind === 'refused') return refused(parsed.code, 400);
  const checked = checkEvents(parsed, {
    ...{ sender, dialect: undefined, maySendFor: () => true, webhookId: verified.webhookId, body, checks },
    maxEventBytes,
  });
  const valid = checked.filter((event) => event.kind === 'valid');
  const keysOfEvents: EventKey[] = valid.map(({ event }) => event);
  const recalled = await memory.recall({
    ...{ robotId: sender.id, fleet: '-', events: keysOfEvents },
    ranks: valid.map(() => 3 as const),
  });
  const fresh = valid.filter((_, index) => recalled?.seen[index] !== true);
  await logProducer.append(fresh.map(({ value }) => ({ topic: topics.events, key: sender.id, value })));
  memory.mark(
    sender.id,
    fresh.map(({ event }) => event),
  );
  const results = checked.map((event) => {
    if (event.kind === 'rejected') return event.result;
    return { id: event.id, result: event.kind === 'valid' && fresh.includes(event) ? 'accepted' : 'duplicate' };
  });
  return { status: 202, text: JSON.stringify({ results }) };
}
