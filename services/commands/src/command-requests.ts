import { type CommandRequestedData } from '@fleetstream/contracts';
import { toRequestEventId, toRequestRecord } from './adapters/command-events.ts';
import { type RequestClaims } from './adapters/request-claims.ts';
import { type RequestLog } from './adapters/request-log.ts';
import { type CommandBook } from './domain/command-book.ts';
import { refuse, type Refusal } from './domain/refusal.ts';
import { type CommandsMetrics } from './metrics.ts';

export interface CommandRequestParts {
  readonly book: Pick<CommandBook, 'find' | 'ofTask'>;
  readonly claims: RequestClaims;
  readonly requestLog: RequestLog;
  readonly metrics: Pick<CommandsMetrics, 'requested'>;
}

/** What a caller is told of a command that was asked for. */
export interface RequestedCommand {
  readonly commandId: string;
  /** REQUESTED until the log has told of it. */
  readonly status: string;
}

export interface Requested {
  readonly kind: 'requested';
  readonly robotId: string;
  /** One for each that was wanted, in their order. */
  readonly commands: readonly RequestedCommand[];
}

/** Puts requests for commands into the log: the same id again is the same command, with another content it is refused. */
export interface CommandRequests {
  /**
   * Asks for commands of one robot; they stand in its log in their order. Those of a task are one request.
   *
   * @param admit what has to hold when something new is asked for; a repetition is answered as it was
   */
  request(
    robotId: string,
    wanted: readonly CommandRequestedData[],
    admit?: () => Promise<Refusal | undefined>,
  ): Promise<Requested | Refusal>;
}

export function createCommandRequests(parts: CommandRequestParts): CommandRequests {
  const { metrics } = parts;
  const refuseConflict = () => {
    metrics.requested('conflict');
    return refuse('FS_IDEMPOTENCY_CONFLICT', 'robot or anything that was asked for differs from the first request');
  };
  return {
    request: async (robotId, wanted, admit) => {
      if (await isOtherTask(parts, robotId, wanted)) return refuseConflict();
      const commands: RequestedCommand[] = [];
      const missing: CommandRequestedData[] = [];
      for (const data of wanted) {
        const found = await findRequested(parts, robotId, data);
        if (found === 'conflict') return refuseConflict();
        if (found === undefined) missing.push(data);
        else metrics.requested('known');
        commands.push({ commandId: data.commandId, status: found ?? 'REQUESTED' });
      }
      const isNew = missing.length === wanted.length;
      const refusal = (isNew ? await admit?.() : undefined) ?? (await append(parts, robotId, missing));
      return refusal ?? { kind: 'requested', robotId, commands };
    },
  };
}

/** Whether the task that is known under this id has other steps, more or fewer. */
async function isOtherTask(
  { book, claims }: CommandRequestParts,
  robotId: string,
  wanted: readonly CommandRequestedData[],
): Promise<boolean> {
  const [first] = wanted;
  if (first?.taskId === undefined) return false;
  const ids = new Set(wanted.map(({ commandId }) => commandId));
  if (book.ofTask(robotId, first.taskId).some(({ commandId }) => !ids.has(commandId))) return true;
  const fingerprint = `${toRequestEventId(robotId, first)}-${wanted.length}`;
  return (await claims.claim(first.taskId, { robotId, fingerprint })) === 'conflict';
}

/** The status of the same request when it is in the log already. */
async function findRequested(
  { book, claims }: CommandRequestParts,
  robotId: string,
  data: CommandRequestedData,
): Promise<string | undefined> {
  const { commandId } = data;
  const eventId = toRequestEventId(robotId, data);
  const known = book.find(commandId);
  if (known !== undefined) return known.requestEventId === eventId ? known.status : 'conflict';
  // Before the append: a claim without its event does no harm, the same request may always come again.
  const claim = await claims.claim(commandId, { robotId, fingerprint: eventId });
  return claim === 'ours' ? undefined : claim === 'appended' ? 'REQUESTED' : 'conflict';
}

async function append(
  { requestLog, metrics, claims }: CommandRequestParts,
  robotId: string,
  missing: readonly CommandRequestedData[],
): Promise<Refusal | undefined> {
  if (missing.length === 0) return undefined;
  const told = missing.map(({ commandId, action, requestedBy }) => ({ commandId, action, requestedBy }));
  const refusal = await requestLog.append((time) => missing.map((data) => toRequestRecord(robotId, data, time)), {
    robotId,
    commands: told,
  });
  if (refusal !== undefined) return refusal;
  for (const { commandId } of missing) {
    metrics.requested('appended');
    claims.appended(commandId);
  }
  return undefined;
}
