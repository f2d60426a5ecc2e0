import { type ErrorSpec } from './error-spec.ts';

/** What stands against bytes that were to be JSON: of a body as a whole, or of one event in it. */
export const jsonErrors = {
  FS_BODY_NOT_UTF8: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The body is not UTF-8',
    hint: 'Encode JSON as UTF-8; binary content goes into a text as base64.',
  },
  FS_BODY_BYTE_ORDER_MARK: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The body begins with a byte order mark',
    hint: 'Leave out the bytes EF BB BF: JSON between systems has none (RFC 8259, 8.1).',
  },
  FS_BODY_INFLATE_FAILED: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The body is not the gzip stream that its Content-Encoding announces',
    hint: 'Send one whole gzip member; the signature covers the compressed bytes as sent.',
  },
  FS_JSON_TOO_DEEP: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The JSON is nested too deeply',
    hint: 'Flatten it; WEBHOOK_MAX_JSON_DEPTH levels are allowed in one event.',
  },
  FS_JSON_NUMBER_UNSAFE: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'A number would be changed by those who read it',
    hint: 'Send integers beyond 2^53-1, such as 64-bit ids and nanoseconds, as text; leave out what overflows a double.',
  },
  FS_JSON_KEY_REPEATED: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'An object names one member twice',
    hint: 'Say each member once: readers differ in which of two they believe.',
  },
  FS_JSON_TEXT_UNSAFE: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'A text holds NUL or half of a surrogate pair',
    hint: 'Cut texts between characters, not inside them, and leave out \\u0000; bytes go into a text as base64.',
  },
  FS_JSON_TEXT_TOO_LONG: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'A text or a name is longer than allowed',
    hint: 'WEBHOOK_MAX_TEXT_BYTES is the limit; keep images and logs elsewhere and send where they are.',
  },
} as const satisfies Record<`FS_${string}`, ErrorSpec>;
