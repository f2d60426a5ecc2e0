import { type PeerEvent } from './peer-workload.ts';

export type KeyedPeerEvent = PeerEvent & { readonly robotId: string };

const quote = 0x22;
const comma = 0x2c;
const openBracket = 0x5b;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/**
 * Reads the fields that the fold needs and passes over the rest, in any order, as the peers' streaming parser does.
 * `undefined` for a layout that it doesn't know (white space, escapes, other kinds of values): `JSON.parse` reads that.
 */
export function scanPeerEvent(text: string): KeyedPeerEvent | undefined {
  if (text.charCodeAt(0) !== openBrace || text.includes('\\')) return undefined;
  let robotId: string | undefined;
  let ts: number | undefined;
  let type: string | undefined;
  let battery: number | undefined;
  let status: string | undefined;
  let at = 1;
  for (;;) {
    const nameEnd = text.indexOf('"', at + 1);
    if (text.charCodeAt(at) !== quote || nameEnd < 0 || text[nameEnd + 1] !== ':') return undefined;
    const name = text.slice(at + 1, nameEnd);
    const from = nameEnd + 2;
    const end = endOfValue(text, from);
    if (end < 0) return undefined;
    if (name === 'robotId') robotId = toText(text, from, end);
    else if (name === 'ts') ts = toInteger(text, from, end);
    else if (name === 'type') type = toText(text, from, end);
    else if (name === 'battery') battery = toInteger(text, from, end);
    else if (name === 'status') status = toText(text, from, end);
    const next = text.charCodeAt(end);
    if (next === closeBrace && end === text.length - 1) break;
    if (next !== comma) return undefined;
    at = end + 1;
  }
  if (robotId === undefined || ts === undefined || type === undefined) return undefined;
  return battery === undefined || status === undefined ? undefined : { robotId, ts, type, battery, status };
}

/** One past the value; -1 when it has none. */
function endOfValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === quote) return text.indexOf('"', from + 1) + 1 || -1;
  if (first === openBrace || first === openBracket) return endOfNested(text, from);
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === comma || code === closeBrace) return at;
  }
  return -1;
}

function endOfNested(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = text.indexOf('"', at + 1);
      if (at < 0) return -1;
    } else if (code === openBrace || code === openBracket) depth += 1;
    else if (code === closeBrace || code === closeBracket) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

function toText(text: string, from: number, end: number): string | undefined {
  return text.charCodeAt(from) === quote ? text.slice(from + 1, end - 1) : undefined;
}

const maxDigits = 15;

/** As far as every digit counts exactly. */
function toInteger(text: string, from: number, end: number): number | undefined {
  if (end === from || end - from > maxDigits) return undefined;
  let value = 0;
  for (let at = from; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
