import { envelopeSchema } from '../event-envelope.ts';
import { type JsonObject } from '../json-object.ts';
import { findDataSpan } from './find-data-span.ts';

/** An event as `toAvroEventSchema` describes it. */
export interface AvroEvent {
  /** Attributes of the envelope by name; `null` for one that is left out. */
  readonly [attribute: string]: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly data: string | null;
  readonly frame: { readonly before: string; readonly after: string } | null;
}

const attributeNames = Object.keys(envelopeSchema.shape).filter((name) => name !== 'data');
const knownNames: ReadonlySet<string> = new Set([...attributeNames, 'data']);

/**
 * Makes an event of the log, given as its JSON text, an Avro record. `toEventText` gives the very same text back: what
 * robots signed is kept to the byte, so hashes hold whichever way an event is stored.
 *
 * @throws SyntaxError when the text is not JSON
 */
export function toAvroEvent(text: string): AvroEvent {
  const event = JSON.parse(text) as JsonObject;
  const span = findDataSpan(text);
  const extensions = Object.fromEntries(Object.entries(event).filter(([name]) => !knownNames.has(name)));
  const attributes = Object.fromEntries(attributeNames.map((name) => [name, event[name] ?? null]));
  const data = span === undefined ? null : text.slice(span.start, span.end);
  const plain: AvroEvent = { ...attributes, extensions, data, frame: null };
  // An escape in an attribute may stand for what Avro's UTF-8 can't hold.
  const frame = span === undefined ? text : text.slice(0, span.start);
  if (!frame.includes('\\') && toEventText(plain) === text) return plain;
  return { ...plain, frame: { before: frame, after: span === undefined ? '' : text.slice(span.end) } };
}

/** The event's JSON text, as it was given to `toAvroEvent`. */
export function toEventText(event: AvroEvent): string {
  const { frame, data } = event;
  if (frame !== null) return `${frame.before}${data ?? ''}${frame.after}`;
  const attributes: JsonObject = {};
  for (const name of attributeNames) {
    const value = event[name];
    if (value !== null && value !== undefined) attributes[name] = value;
  }
  const before = JSON.stringify({ ...attributes, ...event.extensions });
  return data === null ? before : `${before.slice(0, -1)},"data":${data}}`;
}
