/** Bytes for a raw connection, and what the answer may be. */
export interface FramingCase {
  readonly name: string;
  readonly bytes: Buffer;
  /**
   * `refused`: an answer of 4xx, or the connection closed without one. `any`: whatever an HTTP server may say, but
   * nothing of 5xx and no event taken.
   */
  readonly expected: 'refused' | 'any';
}

const path = '/v1/robots/smuggler/events';
/** Would be a request of its own to a server that draws the line elsewhere; unsigned, and known by its path. */
const hidden = 'GET /v1/robots/smuggled/events HTTP/1.1\r\nHost: localhost\r\n\r\n';

function raw(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function post(headers: readonly string[], body = ''): string {
  return raw(`POST ${path} HTTP/1.1`, 'Host: localhost', 'Content-Type: application/json', ...headers) + body;
}

const chunkedEnd = '0\r\n\r\n';

const lengths: readonly [string, string][] = [
  ['two lengths that differ', post(['Content-Length: 2', 'Content-Length: 40'], `{}${hidden}`)],
  ['two lengths in one', post(['Content-Length: 2, 40'], `{}${hidden}`)],
  ['a negative length', post(['Content-Length: -1'], '{}')],
  ['a length with a plus', post(['Content-Length: +2'], '{}')],
  ['a length in hexadecimal', post(['Content-Length: 0x2'], '{}')],
  ['a length with a comma', post(['Content-Length: 2,'], '{}')],
  ['a length of words', post(['Content-Length: two'], '{}')],
  ['a length with a point', post(['Content-Length: 2.0'], '{}')],
  ['a length beyond 64 bits', post(['Content-Length: 99999999999999999999999'], '{}')],
  ['a length with blanks inside', post(['Content-Length: 1 0'], '{}')],
  ['a blank before the colon', post(['Content-Length : 2'], '{}')],
  ['a length beyond the limit', post(['Content-Length: 10000000000'], '{}')],
];

const encodings: readonly [string, string][] = [
  ['a length and chunks', post(['Content-Length: 4', 'Transfer-Encoding: chunked'], `${chunkedEnd}${hidden}`)],
  ['chunks and a length', post(['Transfer-Encoding: chunked', 'Content-Length: 6'], `${chunkedEnd}${hidden}`)],
  ['chunked twice', post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `${chunkedEnd}${hidden}`)],
  ['chunked, then something', post(['Transfer-Encoding: chunked, identity'], `${chunkedEnd}${hidden}`)],
  ['something, then chunked', post(['Transfer-Encoding: gzip, chunked'], chunkedEnd)],
  ['an encoding nobody knows', post(['Transfer-Encoding: xchunked'], `${chunkedEnd}${hidden}`)],
  ['chunked in quotes', post(['Transfer-Encoding: "chunked"'], `${chunkedEnd}${hidden}`)],
  ['chunked with a vertical tab', post(['Transfer-Encoding: \x0bchunked'], `${chunkedEnd}${hidden}`)],
  ['chunked before a NUL', post(['Transfer-Encoding: chunked\0'], `${chunkedEnd}${hidden}`)],
  ['chunked with a blank before the colon', post(['Transfer-Encoding : chunked'], `${chunkedEnd}${hidden}`)],
  ['chunked on a folded line', post(['Transfer-Encoding:\r\n chunked'], `${chunkedEnd}${hidden}`)],
  ['chunked with a bare line feed', post(['X: y\nTransfer-Encoding: chunked'], `${chunkedEnd}${hidden}`)],
  ['chunked with a bare return', post(['X: y\rTransfer-Encoding: chunked'], `${chunkedEnd}${hidden}`)],
  ['chunks in HTTP/1.0', post(['Transfer-Encoding: chunked'], chunkedEnd).replace('HTTP/1.1', 'HTTP/1.0')],
  ['an encoding with a underscore', post(['Transfer_Encoding: chunked', 'Content-Length: 5'], chunkedEnd)],
];

function chunked(body: string): string {
  return post(['Transfer-Encoding: chunked'], body);
}

const chunks: readonly [string, string][] = [
  ['a chunk size of words', chunked('zz\r\n{}\r\n0\r\n\r\n')],
  ['a negative chunk', chunked('-2\r\n{}\r\n0\r\n\r\n')],
  ['a chunk size with 0x', chunked('0x2\r\n{}\r\n0\r\n\r\n')],
  ['a chunk size beyond 64 bits', chunked('fffffffffffffffff\r\n{}\r\n0\r\n\r\n')],
  ['a chunk size of blanks', chunked('  \r\n{}\r\n0\r\n\r\n')],
  ['a chunk without its end', chunked(`2\r\n{}X\r\n0\r\n\r\n`)],
  ['a chunk longer than it says', chunked(`1\r\n{}\r\n0\r\n\r\n`)],
  ['a chunk size with a bare line feed', chunked('2\n{}\n0\n\n')],
  ['a NUL in the size of a chunk', chunked('2\0\r\n{}\r\n0\r\n\r\n')],
  ['no size at all', chunked('\r\n{}\r\n0\r\n\r\n')],
];

const lines: readonly [string, string][] = [
  ['no method', raw(` ${path} HTTP/1.1`, 'Host: localhost')],
  ['a method of symbols', raw(`PO(ST ${path} HTTP/1.1`, 'Host: localhost')],
  ['a method of 10 kB', raw(`${'A'.repeat(10_000)} ${path} HTTP/1.1`, 'Host: localhost')],
  ['HTTP/9.9', raw(`POST ${path} HTTP/9.9`, 'Host: localhost')],
  ['HTTP/0.9', `GET ${path}\r\n`],
  ['no version', raw(`POST ${path}`, 'Host: localhost')],
  ['a version in small letters', raw(`POST ${path} http/1.1`, 'Host: localhost')],
  ['a path with a blank', raw(`POST ${path} x HTTP/1.1`, 'Host: localhost')],
  ['a path with NUL', raw(`POST ${path}\0 HTTP/1.1`, 'Host: localhost')],
  ['a path with %00', raw(`POST /v1/robots/a%00b/events HTTP/1.1`, 'Host: localhost', 'Content-Length: 0')],
  [
    'a path with an encoded slash',
    raw('POST /v1/robots/a%2fb/events HTTP/1.1', 'Host: localhost', 'Content-Length: 0'),
  ],
  ['a path that climbs', raw('GET /v1/robots/../../metrics HTTP/1.1', 'Host: localhost')],
  ['a path that climbs in escapes', raw('GET /v1/%2e%2e/%2e%2e/metrics HTTP/1.1', 'Host: localhost')],
  ['a path of 100 kB', raw(`POST /${'a'.repeat(100_000)} HTTP/1.1`, 'Host: localhost')],
  ['an absolute path of another host', raw('GET http://169.254.0.1/ HTTP/1.1', 'Host: localhost')],
  ['CONNECT', raw('CONNECT 127.0.0.1:22 HTTP/1.1', 'Host: 127.0.0.1:22')],
  ['TRACE', raw(`TRACE ${path} HTTP/1.1`, 'Host: localhost')],
  ['nothing but line ends', '\r\n'.repeat(2000)],
  ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['the preface of HTTP/2 in HTTP/1.1', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
];

const headers: readonly [string, string][] = [
  ['no host', raw(`POST ${path} HTTP/1.1`, 'Content-Length: 0')],
  ['two hosts', raw(`POST ${path} HTTP/1.1`, 'Host: a', 'Host: b', 'Content-Length: 0')],
  ['a host of symbols', raw(`POST ${path} HTTP/1.1`, 'Host: a b', 'Content-Length: 0')],
  ['a header of 100 kB', post([`X-Large: ${'a'.repeat(100_000)}`, 'Content-Length: 0'])],
  ['a thousand headers', post([...Array.from({ length: 1000 }, (_, n) => `X-${n}: y`), 'Content-Length: 0'])],
  ['a header with NUL', post(['X: a\0b', 'Content-Length: 0'])],
  ['a name with NUL', post(['X\0: a', 'Content-Length: 0'])],
  ['a name with a blank', post(['X Y: a', 'Content-Length: 0'])],
  ['a header without a name', post([': a', 'Content-Length: 0'])],
  ['a header without a colon', post(['just words', 'Content-Length: 0'])],
  ['a header that begins with a blank', post([' X: a', 'Content-Length: 0'])],
  ['a header with an underscore', post(['webhook_id: a', 'Content-Length: 0'])],
  ['a name of 10 kB', post([`${'X'.repeat(10_000)}: a`, 'Content-Length: 0'])],
  [
    'a certificate that the sender wrote',
    post(['X-Forwarded-Client-Cert: URI=x/robots/smuggler', 'Content-Length: 2'], '{}'),
  ],
  ['an upgrade to another protocol', post(['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 0'])],
  ['an expectation nobody knows', post(['Expect: 200-magic', 'Content-Length: 2'], '{}')],
];

/** Every way of framing a request that servers are known to disagree on, and a few that none should take. */
export function listFramingCases(): readonly FramingCase[] {
  const lenient = new Set(['nothing but line ends', 'something, then chunked']);
  return [...lengths, ...encodings, ...chunks, ...lines, ...headers].map(([name, text]) => ({
    name,
    bytes: Buffer.from(text, 'latin1'),
    expected: lenient.has(name) ? 'any' : 'refused',
  }));
}
