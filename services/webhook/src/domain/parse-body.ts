import { type ContentMode, type Headers, readContentMode } from './content-mode.ts';
import { readEventHeaders } from './read-event-headers.ts';
import { refuse, type Refusal } from './refusal.ts';
import { type JsonSpan, scanJson } from './scan-json.ts';

export interface ParsedBody {
  readonly kind: 'parsed';
  /** What stands for events: any JSON values, not yet checked. */
  readonly events: readonly unknown[];
  /** Where each lies in the body, and what its parsed form doesn't show; as long as `events`. */
  readonly spans: readonly JsonSpan[];
  /** A span of the body is an event as sent, so its bytes may become the record. False where headers hold a part of it. */
  readonly spansAreEvents: boolean;
  /** Came as an array, even of one. */
  readonly isBatch: boolean;
}

export interface ParseLimits {
  readonly maxEvents: number;
  readonly maxEventBytes: number;
  /** Levels of objects and lists in one event. */
  readonly maxJsonDepth: number;
  readonly maxTextBytes: number;
}

const noSpan: JsonSpan = { start: 0, end: 0, keys: 0, problem: undefined };
// A byte order mark has been looked for before.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Makes a request's verified bytes into the events they hold, by content mode; in `plain` mode if that is given. */
export function parseBody(
  headers: Headers,
  body: Uint8Array,
  limits: ParseLimits,
  plain = false,
): ParsedBody | Refusal {
  const read = readContentMode(headers);
  if (read.kind === 'refused') return read;
  const mode = plain ? 'plain' : read.mode;
  if (body.length === 0) {
    if (mode !== 'binary') return refuse('FS_BODY_EMPTY', 'the body is empty');
    return single(readEventHeaders(headers), noSpan, false);
  }
  // Before it is parsed: 600 kB of members hold the event loop, and so everybody else, for tens of milliseconds.
  if (body.length > limits.maxEventBytes && !mayHoldSeveral(mode, body)) {
    return refuse('FS_EVENT_TOO_LARGE', `the event has ${body.length} bytes, ${limits.maxEventBytes} are allowed`);
  }
  const json = parseJson(body);
  if (json.kind === 'refused') return json;
  const isArray = Array.isArray(json.value) && mode !== 'binary' && mode !== 'structured';
  const spans = scanJson(body, isArray, {
    maxDepth: limits.maxJsonDepth,
    maxTextBytes: limits.maxTextBytes,
    maxSpans: limits.maxEvents,
  });
  return toEvents(mode, headers, json.value, spans, limits.maxEvents);
}

/** Whether a body may be a list of events, by its first byte that says something. */
function mayHoldSeveral(mode: ContentMode, body: Uint8Array): boolean {
  if (mode === 'binary' || mode === 'structured') return false;
  return body[body.findIndex((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)] === 0x5b;
}

function toEvents(
  mode: ContentMode,
  headers: Headers,
  value: unknown,
  spans: readonly JsonSpan[],
  maxEvents: number,
): ParsedBody | Refusal {
  const span = spans[0] ?? noSpan;
  switch (mode) {
    case 'binary': {
      // `data` is a member that the body doesn't name.
      return single({ ...readEventHeaders(headers), data: value }, span, false);
    }
    case 'structured':
      return single(value, span, true);
    case 'plain':
      return Array.isArray(value) ? batch(value, spans, maxEvents) : single(value, span, true);
    case 'batch':
      if (!Array.isArray(value)) return refuse('FS_EVENT_MALFORMED', 'a batch is a JSON array of events');
      return batch(value, spans, maxEvents);
  }
}

function single(event: unknown, span: JsonSpan, spansAreEvents: boolean): ParsedBody {
  return { kind: 'parsed', events: [event], spans: [span], spansAreEvents, isBatch: false };
}

function batch(events: readonly unknown[], spans: readonly JsonSpan[], maxEvents: number): ParsedBody | Refusal {
  if (events.length === 0) return refuse('FS_BODY_EMPTY', 'the batch is empty');
  if (events.length > maxEvents) {
    return refuse('FS_BATCH_TOO_LONG', `the batch holds ${events.length} events, ${maxEvents} are allowed`);
  }
  return { kind: 'parsed', events, spans, spansAreEvents: true, isBatch: true };
}

function parseJson(body: Uint8Array): { readonly kind: 'json'; readonly value: unknown } | Refusal {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) {
    return refuse('FS_BODY_BYTE_ORDER_MARK', 'the body begins with a byte order mark');
  }
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return refuse('FS_BODY_NOT_UTF8', 'the body is not UTF-8');
  }
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown };
  } catch {
    // The parser's own message quotes the body, which is not ours to repeat.
    return refuse('FS_BODY_UNREADABLE', `the ${body.length} bytes received are not one JSON value`);
  }
}
