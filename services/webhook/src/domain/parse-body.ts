import { type ContentMode, type Headers, readContentMode } from './content-mode.ts';
import { readEventHeaders } from './read-event-headers.ts';
import { refuse, type Refusal } from './refusal.ts';

export interface ParsedBody {
  readonly kind: 'parsed';
  /** What stands for events: any JSON values, not yet checked. */
  readonly events: readonly unknown[];
  /** The body is one event and nothing else: its bytes may become the record. */
  readonly bytesAreTheEvent: boolean;
  /** Came as an array, even of one. */
  readonly isBatch: boolean;
}

// A byte order mark stays in the text, where the JSON parser refuses it: it would lie in the log otherwise.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Makes a request's verified bytes into the events they hold, by content mode. */
export function parseBody(
  headers: Headers,
  body: Uint8Array,
  limits: { readonly maxEvents: number },
): ParsedBody | Refusal {
  const read = readContentMode(headers);
  if (read.kind === 'refused') return read;
  const { mode } = read;
  if (body.length === 0 && mode !== 'binary') return refuse('FS_BODY_EMPTY', 'the body is empty');
  const json = body.length === 0 ? { kind: 'json' as const, value: undefined } : parseJson(body);
  if (json.kind === 'refused') return json;
  return toEvents(mode, headers, json.value, limits.maxEvents);
}

function toEvents(mode: ContentMode, headers: Headers, value: unknown, maxEvents: number): ParsedBody | Refusal {
  switch (mode) {
    case 'binary':
      return single({ ...readEventHeaders(headers), ...(value === undefined ? {} : { data: value }) }, false);
    case 'structured':
      return single(value, true);
    case 'plain':
      return Array.isArray(value) ? batch(value, maxEvents) : single(value, true);
    case 'batch':
      if (!Array.isArray(value)) return refuse('FS_EVENT_MALFORMED', 'a batch is a JSON array of events');
      return batch(value, maxEvents);
  }
}

function single(event: unknown, bytesAreTheEvent: boolean): ParsedBody {
  return { kind: 'parsed', events: [event], bytesAreTheEvent, isBatch: false };
}

function batch(events: readonly unknown[], maxEvents: number): ParsedBody | Refusal {
  if (events.length === 0) return refuse('FS_BODY_EMPTY', 'the batch is empty');
  if (events.length > maxEvents) {
    return refuse('FS_BATCH_TOO_LONG', `the batch holds ${events.length} events, ${maxEvents} are allowed`);
  }
  return { kind: 'parsed', events, bytesAreTheEvent: false, isBatch: true };
}

function parseJson(body: Uint8Array): { readonly kind: 'json'; readonly value: unknown } | Refusal {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return refuse('FS_BODY_UNREADABLE', 'the body is not UTF-8');
  }
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own message quotes the body, which is not ours to repeat.
    return refuse('FS_BODY_UNREADABLE', `the ${body.length} bytes received are not one JSON value`);
  }
}
