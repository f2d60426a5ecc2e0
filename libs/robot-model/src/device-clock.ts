const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

const zero = '0'.charCodeAt(0);

/**
 * A robot's time as milliseconds since the epoch; `undefined` for anything but RFC 3339 with a zone. Not `Date.parse`,
 * which reads other forms in the local zone of the machine: two processors would fold different states.
 */
export function parseDeviceTime(text: string): number | undefined {
  if (!rfc3339.test(text)) return undefined;
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)];
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  return Date.UTC(year, month - 1, day, hour, minute, second, millisOf(text)) - offsetMsOf(text);
}

/** Of a text that fits the pattern, whose fields stand at fixed places; every event has a time, so no groups are cut. */
function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - zero) * 10 + text.charCodeAt(at + 1) - zero;
}

/** The fraction of the second, cut to whole milliseconds. */
function millisOf(text: string): number {
  if (text[19] !== '.') return 0;
  let millis = 0;
  for (let at = 20, weight = 100; weight >= 1 && isDigit(text, at); at += 1, weight /= 10) {
    millis += (text.charCodeAt(at) - zero) * weight;
  }
  return millis;
}

function offsetMsOf(text: string): number {
  const at = text.length - 6;
  const sign = text[at];
  if (sign !== '+' && sign !== '-') return 0;
  return (sign === '-' ? -1 : 1) * (twoDigits(text, at + 1) * 60 + twoDigits(text, at + 4)) * 60_000;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= zero && code <= zero + 9;
}
