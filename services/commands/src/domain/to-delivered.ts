import { type Handover, isAsked } from './delivery-desk.ts';

/** A command as its robot gets it, pulled or pushed. */
export interface DeliveredCommand {
  readonly commandId: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  readonly attempt: number;
  /** A robot that knows a higher epoch was stopped since, and refuses the command as SUPERSEDED. */
  readonly epoch: number;
  /** Which try this is; each may be begun once. 1 when left out. */
  readonly tries?: number;
  /** Everything of an older epoch ends. */
  readonly stop?: boolean;
  /** The command to undo. */
  readonly cancels?: string;
  /** Not to be done: the robot says what came of it, NOT_EXECUTED when it never began, NOT_KNOWN when it can't tell. */
  readonly ask?: boolean;
}

export function toDelivered({ command, attempt }: Handover): DeliveredCommand {
  const { commandId, action, parameters = {}, requestedAtMs, expiresAtMs, epoch, tries, stop, cancels } = command;
  return {
    ...{ commandId, action, parameters, requestedAtMs, expiresAtMs, attempt, epoch },
    ...(tries !== undefined && { tries }),
    ...(stop !== undefined && { stop }),
    ...(cancels !== undefined && { cancels }),
    ...(isAsked(command) && { ask: true }),
  };
}
