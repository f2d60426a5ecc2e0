/** A command as its robot gets it. */
export interface GivenCommand {
  readonly commandId: string;
  readonly action: string;
  readonly attempt: number;
  /** The robot's control epoch that it belongs to; 0 when left out. */
  readonly epoch?: number;
  /** Everything of an older epoch ends. */
  readonly stop?: boolean;
  /** The command to undo. */
  readonly cancels?: string;
  /** Not to be done: the robot is asked what came of it. */
  readonly ask?: boolean;
}

/** What somebody wants of a robot. */
export interface WantedCommand {
  readonly robotId: string;
  readonly action: string;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly expiresInMs?: number | undefined;
  /** The sender's own id, where it has one; else `key` makes one. */
  readonly commandId?: string | undefined;
  readonly key?: string | undefined;
}

/** How a command stands, as the service tells it. */
export interface ToldCommand {
  readonly status: string;
  readonly reason?: string | undefined;
  readonly history: readonly { readonly status: string; readonly atMs: number }[];
}

/** The way to the command service, as a port: tests script it. Nothing here throws: no answer is an answer. */
export interface CommandGateway {
  /** As a robot: its commands, waiting for them; `undefined` when there was no answer with a list. */
  poll(robotId: string, waitSeconds: number, signal: AbortSignal): Promise<readonly GivenCommand[] | undefined>;
  /** As an operator: `undefined` when it is not known to be taken; the same again is safe. */
  request(wanted: WantedCommand): Promise<{ readonly commandId: string } | 'refused' | undefined>;
  get(commandId: string): Promise<ToldCommand | undefined>;
  close(): Promise<void>;
}
