import { type LocalLayout } from '../local-layout.ts';
import { type Screen } from '../screen/create-screen.ts';
import { type StartOptions } from '../start-options.ts';

/** What a run is given from outside. */
export interface RunContext {
  readonly options: StartOptions;
  readonly layout: LocalLayout;
  /** Of the checkout that is run. */
  readonly root: string;
  readonly nodeFile: string;
  readonly pid: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** When the command began, in milliseconds since the epoch. */
  readonly commandStartMs: number;
  /** Whether set-up installed something for this command. */
  readonly installed: boolean;
  readonly screen: Screen;
  /** Orderly end. */
  readonly stop: AbortSignal;
  /** End at once. */
  readonly stopNow: AbortSignal;
}
