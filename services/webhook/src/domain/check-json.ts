import { type ErrorCode } from '@fleetstream/kernel';
import { countKeys } from './count-keys.ts';
import { type JsonProblem, type JsonSpan } from './scan-json.ts';

const codes: Readonly<Record<JsonProblem, { readonly code: ErrorCode; readonly detail: string }>> = {
  'too-deep': { code: 'FS_JSON_TOO_DEEP', detail: 'objects and lists are nested deeper than allowed' },
  'number-unsafe': { code: 'FS_JSON_NUMBER_UNSAFE', detail: 'a number is beyond what a double holds exactly' },
  'text-too-long': { code: 'FS_JSON_TEXT_TOO_LONG', detail: 'a text or a name is longer than allowed' },
  'text-unsafe': { code: 'FS_JSON_TEXT_UNSAFE', detail: 'a text holds NUL or half of a surrogate pair' },
};

/** What stands against a JSON value that a parser took; `undefined` when nothing does. */
export function checkJson(
  value: unknown,
  span: JsonSpan,
): { readonly code: ErrorCode; readonly detail: string } | undefined {
  if (span.problem !== undefined) return codes[span.problem];
  // Only now: what is nested too deeply would overflow the count.
  if (countKeys(value) === span.keys) return undefined;
  return { code: 'FS_JSON_KEY_REPEATED', detail: 'an object names one member twice' };
}
