/** 1: refused or failed; 2: the command line is wrong; 3: something that must be there can't be reached. */
export type FailureCode = 1 | 2 | 3;

/** Ends a command with a sentence for its user and an exit code for scripts. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';
  readonly exitCode: FailureCode;

  constructor(exitCode: FailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

export function failUsage(message: string): never {
  throw new CliFailure(2, message);
}

export function failRefused(message: string): never {
  throw new CliFailure(1, message);
}

export function failUnreachable(message: string): never {
  throw new CliFailure(3, message);
}
