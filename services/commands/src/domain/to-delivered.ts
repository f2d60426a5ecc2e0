import { type Handover } from './delivery-desk.ts';

/** A command as its robot gets it, pulled or pushed. */
export interface DeliveredCommand {
  readonly commandId: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  readonly attempt: number;
}

export function toDelivered({ command, attempt }: Handover): DeliveredCommand {
  const { commandId, action, parameters = {}, requestedAtMs, expiresAtMs } = command;
  return { commandId, action, parameters, requestedAtMs, expiresAtMs, attempt };
}
