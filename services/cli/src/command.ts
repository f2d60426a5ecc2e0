import { type Environment } from '@fleetstream/config';

/** The process, as far as a command may touch it. */
export interface CliWorld {
  readonly environment: Environment;
  /** Where relative paths begin. */
  readonly folder: string;
  /** What was asked for: standard output, for programs and pipes. */
  out(line: string): void;
  /** What a person should know besides: standard error. */
  note(line: string): void;
  /** Everything on standard input. */
  readInput(): Promise<string>;
}

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly help: string;
  /** @throws CliFailure with the exit code */
  run(args: readonly string[], world: CliWorld): Promise<void>;
}
