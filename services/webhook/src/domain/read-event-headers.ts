import { type Headers } from './content-mode.ts';

const prefix = 'ce-';

/** Attributes at most; those past it are refused with the event, for the parser sees one too many. */
const maxAttributes = 32;

/**
 * The attributes of an event in binary content mode (CloudEvents HTTP binding 1.0.2, section 3.1.3): every `ce-` header
 * is one, percent-decoded. They stay texts; what needs a number is the event parser's to say.
 */
export function readEventHeaders(headers: Headers): Record<string, string> {
  const attributes: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    const attribute = name.slice(prefix.length);
    // The event's data is the body; a header of that name would smuggle in another.
    if (name.startsWith(prefix) && attribute !== 'data' && typeof value === 'string') {
      attributes.push([attribute, decodePercent(value)]);
      if (attributes.length === maxAttributes) break;
    }
  }
  return Object.fromEntries(attributes);
}

function decodePercent(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    // Not an encoding after all: the sender meant the per cent sign.
    return value;
  }
}
