import { type CommandData } from '@fleetstream/contracts';
import { type LogPlace } from './command-view.ts';

/** What somebody did, or what came of it at once. */
export const auditActs = [
  'requested',
  'stopped',
  'cancelled',
  'approved',
  'declined',
  'was-cancelled',
  'was-superseded',
] as const;

export type AuditAct = (typeof auditActs)[number];

/** Who did what, when and why. */
export interface AuditEntry {
  /** Log time, milliseconds since the epoch. */
  readonly atMs: number;
  readonly by: string;
  readonly act: AuditAct;
  readonly why?: string | undefined;
  readonly robotId: string;
  readonly commandId: string;
  readonly action: string;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** REJECTED where nothing came of it. */
  readonly status: string;
  /** The command that a cancelling is for. */
  readonly cancels?: string | undefined;
  readonly taskId?: string | undefined;
  readonly rolloutId?: string | undefined;
  /** The event in fleet.events that it rests on. */
  readonly eventId?: string | undefined;
  /** Where in fleet.commands it stands. */
  readonly at: LogPlace;
}

/** What a transition says of people and programs; `undefined` when none of them caused it. */
export function toAuditEntry(data: CommandData, at: LogPlace): AuditEntry | undefined {
  const act = toAct(data);
  const by = data.by ?? (data.previousStatus === undefined ? data.requestedBy : undefined);
  if (act === undefined || by === undefined) return undefined;
  return {
    ...{ atMs: data.atMs, by, act, why: data.reason },
    ...{ robotId: data.robotId, commandId: data.commandId, action: data.action, parameters: data.parameters },
    ...{ status: data.status, cancels: data.cancels, taskId: data.taskId, rolloutId: data.rolloutId },
    ...{ eventId: data.eventId, at },
  };
}

function toAct({ previousStatus, status, stop, cancels, approvedBy, by }: CommandData): AuditAct | undefined {
  if (previousStatus === undefined)
    return stop === true ? 'stopped' : cancels === undefined ? 'requested' : 'cancelled';
  if (by === undefined) return undefined;
  if (status === 'ACCEPTED' && approvedBy === by) return 'approved';
  if (status === 'REJECTED' && previousStatus === 'ACCEPTED') return 'declined';
  if (status === 'CANCELLED') return 'was-cancelled';
  return status === 'SUPERSEDED' ? 'was-superseded' : undefined;
}
