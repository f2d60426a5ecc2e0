import { errorCatalogue, type ErrorCode } from './error-catalogue.ts';
import { type ErrorSpec } from './error-spec.ts';

/** What may be logged with an error. Never a secret, never a body. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | undefined>>;

/** Infrastructure failed, or there is a bug. Expected outcomes are values instead. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; context?: ErrorContext } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }

  get spec(): ErrorSpec {
    return errorCatalogue[this.code];
  }
}

/** Types what a `catch` got: an `AppError` stays itself, anything else becomes one with `code` and keeps its cause. */
export function toAppError(thrown: unknown, code: ErrorCode, message: string, context?: ErrorContext): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError(code, message, context === undefined ? { cause: thrown } : { cause: thrown, context });
}

/** The shortest true sentence about something thrown, for logs. */
export function toMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
