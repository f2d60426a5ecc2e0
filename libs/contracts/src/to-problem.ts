import { errorCatalogue, type ErrorCode, type ErrorSpec } from '@fleetstream/kernel';
import { type EventResult, type Problem } from './ingest-answer.ts';

export interface ProblemFields {
  readonly requestId?: string;
  readonly results?: readonly EventResult[];
  /** Instead of the status of the catalogue. */
  readonly status?: number;
}

/**
 * The problem document (RFC 9457) of an error code. Title, status and hint are the catalogue's; `detail` goes to the
 * sender as it is, so it names what is wrong and never a value or anything internal.
 */
export function toProblem(code: ErrorCode, detail: string, fields: ProblemFields = {}): Problem {
  const spec: ErrorSpec = errorCatalogue[code];
  return {
    type: `urn:fleetstream:error:${code}`,
    title: spec.title,
    status: spec.httpStatus,
    code,
    detail,
    hint: spec.hint,
    ...fields,
  };
}
