import { AppError } from '@fleetstream/kernel';

/** What a failed request says that a person needs and that is no secret. */
export interface S3Failure {
  readonly kind: 'noObject' | 'passing' | 'lasting';
  readonly text: string;
}

const passingStatuses = new Set([408, 429]);
/** Answers with status 400 that the same bytes may not get again: they were cut off or damaged on the way. */
const passingNames = new Set([
  ...['RequestTimeout', 'IncompleteBody', 'BadDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch'],
  ...['SlowDown', 'Throttling', 'ThrottlingException', 'TooManyRequests', 'OperationAborted'],
  ...['TimeoutError', 'AbortError'],
]);
const passingCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR', 'EPROTO'],
]);

/** Sorts what the SDK threw. `NoSuchBucket` is lasting: a bucket that is missing must not look like an empty one. */
export function toS3Failure(thrown: unknown): S3Failure {
  if (!(thrown instanceof Error)) return { kind: 'lasting', text: 'a failure without a name' };
  const status = statusOf(thrown);
  if (status !== undefined) {
    const kind = kindOfAnswer(thrown.name, status);
    return { kind, text: `${thrown.name}, HTTP ${status}` };
  }
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  const kind = passingNames.has(thrown.name) || (code !== undefined && passingCodes.has(code)) ? 'passing' : 'lasting';
  return { kind, text: code ?? describe(thrown) };
}

/**
 * The error for the port. The SDK's own stays behind: it carries the request's signature and key id, and a log that
 * prints causes would print them.
 */
export function toUnavailable(what: string, failure: S3Failure): AppError {
  return new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', `Can't ${what}: ${failure.text}`);
}

function kindOfAnswer(name: string, status: number): S3Failure['kind'] {
  // A HEAD's answer has no body and so no name of its own.
  if (name === 'NoSuchKey' || (status === 404 && name !== 'NoSuchBucket')) return 'noObject';
  return status >= 500 || passingStatuses.has(status) || passingNames.has(name) ? 'passing' : 'lasting';
}

function statusOf(thrown: Error): number | undefined {
  if (!('$metadata' in thrown)) return undefined;
  const metadata = thrown.$metadata as { readonly httpStatusCode?: number } | undefined;
  return metadata?.httpStatusCode;
}

function describe(thrown: Error): string {
  if (passingNames.has(thrown.name)) return 'no answer in time';
  return thrown.name === 'Error' ? thrown.message : `${thrown.name}: ${thrown.message}`;
}
