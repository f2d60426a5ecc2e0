import {
  type CommandAckStatus,
  type CommandCancelRequestedData,
  type CommandDecidedData,
  type CommandPriority,
  type CommandRequestedData,
  type CommandStatus,
  type DeliveryData,
  type FailureClass,
  isSettled,
} from '@fleetstream/contracts';
import { type Command, commandMoves, createCommand, isInFlight, isWithUs, jumpsQueue } from './command.ts';
import { CommandLedger, type CommandLimits, type CommandMove, type Commands, type Why } from './command-ledger.ts';
import { type Conditioned, holds } from './condition.ts';

/** What a robot says of one of its commands, in an answer or as an action of its state. */
export interface CommandAnswer {
  readonly commandId: string;
  readonly status: CommandAckStatus;
  /** The robot has said newer things before, so this being behind is no contradiction. */
  readonly late: boolean;
  readonly tries?: number | undefined;
  /** Of NOT_EXECUTED: which attempt the robot was asked about. */
  readonly attempt?: number | undefined;
  readonly failure?: FailureClass | undefined;
  readonly reason: string | undefined;
  readonly result: string | undefined;
}

/** The longest wait before a next try, in log milliseconds. */
const retryMsMax = 60_000;
const cancelExpiresInMs = 300_000;

/**
 * One step of a robot's queue: give it what happened, then `finish`. The given commands stay as they are, and are what
 * `finish` gives when nothing happened to them.
 */
export class CommandQueue {
  readonly #ledger: CommandLedger;
  readonly #robot: Conditioned;

  /** @param robot as it is after the step's event, for conditions */
  constructor(commands: Commands | undefined, nowMs: number, limits: CommandLimits, robot: Conditioned) {
    this.#ledger = new CommandLedger(commands, nowMs, limits);
    this.#robot = robot;
  }

  get moves(): readonly CommandMove[] {
    return this.#ledger.moves;
  }

  /** Whether an action of this id is a command of ours: robots report many of their own. */
  knows(commandId: string): boolean {
    return this.#ledger.statusOf(commandId) !== undefined;
  }

  /** A command that can't be taken ends at once, and is remembered like any other. */
  request(said: CommandRequestedData): void {
    if (this.#isRepeated(said.commandId)) return;
    const ledger = this.#ledger;
    const refusal = this.#refusalOf(said);
    if (said.stop === true && refusal === undefined) this.#stop(said);
    ledger.count('requested');
    const at = { nowMs: ledger.nowMs, epoch: ledger.known.epoch };
    if (refusal !== undefined) {
      ledger.add(createCommand(said, { ...at, status: 'REJECTED' }), { reason: refusal, by: said.requestedBy });
      return;
    }
    ledger.add(createCommand(said, { ...at, status: 'ACCEPTED' }), { reason: said.reason, by: said.requestedBy });
    this.#lookBehind(said);
  }

  /** A cancel is a command itself: done at once when the robot can't have the other one, else for the robot to answer. */
  cancel(said: CommandCancelRequestedData): void {
    const { commandId: target, cancelId = toCancelId(target), requestedBy, reason } = said;
    if (this.#isRepeated(cancelId)) return;
    const ledger = this.#ledger;
    ledger.count('requested');
    const status = ledger.statusOf(target);
    const refusal = status === undefined ? 'not-active' : this.#isFull(true) ? 'queue-full' : undefined;
    const command = {
      ...createCommand(
        { commandId: cancelId, action: 'cancel', requestedBy, idempotent: true, expiresInMs: cancelExpiresInMs },
        { status: refusal === undefined ? 'ACCEPTED' : 'REJECTED', nowMs: ledger.nowMs, epoch: ledger.known.epoch },
      ),
      cancels: target,
    } as const;
    ledger.add(command, { reason: refusal ?? reason, by: requestedBy });
    if (refusal !== undefined) return;
    const found = ledger.find(target);
    if (found === undefined) this.#endCancel(command, status);
    else if (isWithUs(found)) this.#end(found, 'CANCELLED', { reason: reason ?? 'cancelled', by: requestedBy });
  }

  /** Approves or declines; nobody approves what they asked for themselves. */
  decide({ commandId, decision, decidedBy, reason }: CommandDecidedData): void {
    const ledger = this.#ledger;
    const command = ledger.find(commandId);
    const isOpen = command?.status === 'ACCEPTED' && command.needsApproval === true && command.approvedBy === undefined;
    if (!isOpen || (decision === 'approved' && decidedBy === command.requestedBy)) ledger.count('idleApprovals');
    else if (decision === 'declined') this.#end(command, 'REJECTED', { reason: reason ?? 'declined', by: decidedBy });
    else ledger.move(command, 'ACCEPTED', { reason: reason ?? 'approved', by: decidedBy }, { approvedBy: decidedBy });
  }

  /** Results come beside the robot's own word, often after it: one that is behind says nothing. */
  deliver({ commandId, attempt, outcome, instance }: DeliveryData): void {
    const ledger = this.#ledger;
    if (ledger.statusOf(commandId) === undefined) {
      ledger.count('unknown');
      return;
    }
    if (outcome === 'UNDELIVERABLE') ledger.count('undeliverable');
    const command = ledger.find(commandId);
    if (command === undefined || outcome === 'UNDELIVERABLE') return;
    const { status } = command;
    const isNewer = attempt > (command.attempt ?? 0);
    if (outcome === 'NOT_SENT') {
      const isLatest = attempt === command.attempt && instance === command.instance;
      if (status !== 'SENT' || !isLatest) return;
      if (command.epoch < ledger.known.epoch) this.#end(command, 'SUPERSEDED', { reason: 'not-sent' });
      else ledger.move(command, 'QUEUED', { reason: 'not-sent' });
    } else if (outcome === 'SENT') {
      // The first to tell is granted the attempt; a second one is told of nothing, and hands nothing over.
      if (!isNewer) return;
      if (status === 'ACCEPTED' || status === 'QUEUED') ledger.move(command, 'SENT', {}, { attempt, instance });
      else if (this.#mayRepeat(command)) {
        const granted = { ...command, attempt, instance };
        ledger.replace(granted);
        ledger.tell(granted, status, {});
      }
    } else if (commandMoves[status].includes('DELIVERED')) {
      ledger.move(command, 'DELIVERED', {}, isNewer ? { attempt, instance } : {});
    }
  }

  answer(said: CommandAnswer): void {
    const ledger = this.#ledger;
    const status = ledger.statusOf(said.commandId);
    const command = ledger.find(said.commandId);
    if (status === undefined) ledger.count('unknown');
    else if (command !== undefined && isOfEarlierTry(command, said)) ledger.count('stale');
    else if (said.status === 'NOT_EXECUTED' || said.status === 'NOT_KNOWN') {
      this.#settleByAnswer(command, said.status, said);
    } else if (command !== undefined && this.#mayMove(command, said.status)) {
      this.#answerOpen(command, said.status, said);
    } else if (status === 'UNKNOWN') ledger.count('stale');
    else if (status !== said.status && !said.late) ledger.count('contradictions');
  }

  /** Ends what is due by now, in the order of the requests. */
  expire(): void {
    const ledger = this.#ledger;
    const { nowMs } = ledger;
    for (const { id } of ledger.known.open) {
      // What ended before it in this loop may have taken it along.
      const command = ledger.find(id);
      if (command === undefined) continue;
      if (command.status === 'UNKNOWN') {
        if (command.atMs + ledger.limits.commandSettleWithinMs <= nowMs) this.#giveUp(command);
      } else if (command.expiresAtMs <= nowMs) {
        if (isWithUs(command)) this.#end(command, 'EXPIRED', {});
        else ledger.move(command, 'UNKNOWN', { reason: 'deadline' });
      } else if (answerDueMs(command, ledger.known, ledger.limits) <= nowMs) {
        ledger.move(command, 'UNKNOWN', { reason: 'no-answer' });
      }
    }
    for (const { command, untilMs } of ledger.known.verifying) {
      if (untilMs <= nowMs) this.#verified(command, 'DIVERGED');
    }
  }

  /** Sees what the robot's stream shows, brings what waits into flight, and gives the commands after the step. */
  finish(): Commands | undefined {
    const ledger = this.#ledger;
    for (const { command } of ledger.commands?.verifying ?? []) {
      if (command.verify !== undefined && holds(command.verify.condition, this.#robot)) {
        this.#verified(command, 'VERIFIED');
      }
    }
    for (const command of (ledger.commands?.open ?? []).filter(jumpsQueue)) {
      if (command.status === 'ACCEPTED' && this.#isReady(command)) ledger.move(command, 'QUEUED', {});
    }
    for (const lane of ['urgent', 'normal', 'low'] as const) this.#promote(lane);
    return ledger.commands;
  }

  #promote(lane: CommandPriority): void {
    const ledger = this.#ledger;
    const open = ledger.commands?.open ?? [];
    let places = ledger.limits.commandsInFlightMax - open.filter((one) => isInFlight(one) && !jumpsQueue(one)).length;
    for (const command of open) {
      if (places <= 0) break;
      if (command.status !== 'ACCEPTED' || (command.priority ?? 'normal') !== lane) continue;
      if (jumpsQueue(command) || !this.#isReady(command)) continue;
      ledger.move(command, 'QUEUED', {});
      places -= 1;
    }
  }

  #isReady({ needsApproval, approvedBy, notBeforeMs = 0, after, when }: Command): boolean {
    if (after !== undefined || notBeforeMs > this.#ledger.nowMs) return false;
    if (needsApproval === true && approvedBy === undefined) return false;
    return when === undefined || holds(when, this.#robot);
  }

  #isRepeated(id: string): boolean {
    if (!this.knows(id)) return false;
    this.#ledger.count('repeated');
    return true;
  }

  #refusalOf({ stop, ifEpoch, require, after }: CommandRequestedData): string | undefined {
    const { epoch } = this.#ledger.known;
    if (ifEpoch !== undefined && ifEpoch !== epoch) return `epoch-is-${epoch}`;
    if (require !== undefined && !holds(require, this.#robot)) return 'precondition';
    if (after !== undefined && !this.knows(after.commandId)) return 'after-unknown';
    // A stop makes room for itself.
    return stop !== true && this.#isFull(false) ? 'queue-full' : undefined;
  }

  /** Before it says so, the oldest one of which nothing will be heard any more, most likely, makes room. */
  #isFull(mayUseReserve: boolean): boolean {
    const { commandsOpenMax, commandsReservedMax } = this.#ledger.limits;
    const max = commandsOpenMax + (mayUseReserve ? commandsReservedMax : 0);
    const { open } = this.#ledger.known;
    if (open.length < max) return false;
    const oldest = open.find(({ status }) => status === 'UNKNOWN');
    if (oldest === undefined) return true;
    this.#giveUp(oldest);
    return false;
  }

  #stop({ commandId, requestedBy }: CommandRequestedData): void {
    const ledger = this.#ledger;
    ledger.change({ epoch: ledger.known.epoch + 1, stoppedAtMs: ledger.nowMs });
    for (const { id } of ledger.known.open) {
      const command = ledger.find(id);
      if (command !== undefined && isWithUs(command)) {
        this.#end(command, 'SUPERSEDED', { reason: commandId, by: requestedBy });
      }
    }
  }

  /** What it has to wait for may have ended already. */
  #lookBehind({ commandId, after }: CommandRequestedData): void {
    if (after === undefined || this.#ledger.find(after.commandId) !== undefined) return;
    const ended = this.#ledger.statusOf(after.commandId);
    const command = this.#ledger.find(commandId);
    if (ended !== undefined && command !== undefined) this.#follow(command, ended);
  }

  /** Whether what was handed over may be so once more: no harm in doing it twice, and no stop came between. */
  #mayRepeat({ status, idempotent, epoch }: Command): boolean {
    return (status === 'SENT' || status === 'DELIVERED') && idempotent === true && epoch === this.#ledger.known.epoch;
  }

  #mayMove(command: Command, status: CommandStatus): boolean {
    if (!commandMoves[command.status].includes(status)) return false;
    // In time or not at all: what runs on past its deadline is UNKNOWN until it has ended.
    return isSettled(status) || command.status !== 'UNKNOWN' || command.expiresAtMs > this.#ledger.nowMs;
  }

  #answerOpen(command: Command, status: CommandStatus, said: CommandAnswer): void {
    const why = { reason: said.reason, result: said.result };
    if (status === 'FAILED' && this.#retries(command, said.failure)) return;
    const target = command.cancels === undefined ? undefined : this.#ledger.find(command.cancels);
    if (status === 'SUCCEEDED' && target !== undefined) this.#end(target, 'CANCELLED', { ...why, by: command.id });
    else if (isSettled(status)) this.#end(command, status, why);
    else this.#ledger.move(command, status, why);
  }

  /** Nothing that may have been begun is begun again, unless doing it twice does no harm. */
  #retries(command: Command, failure: FailureClass = 'permanent'): boolean {
    const { tries = 1, triesMax = 1, idempotent, expiresAtMs, epoch } = command;
    const ledger = this.#ledger;
    const mayRetry = failure === 'not-started' || (failure === 'transient' && idempotent === true);
    const notBeforeMs = ledger.nowMs + Math.min(retryMsMax, ledger.limits.commandRetryMs * 2 ** (tries - 1));
    if (!mayRetry || tries >= triesMax || notBeforeMs >= expiresAtMs || epoch < ledger.known.epoch) return false;
    ledger.move(command, 'ACCEPTED', { reason: `retry-after-${failure}` }, { tries: tries + 1, notBeforeMs });
    return true;
  }

  /** The robot was asked what came of it. */
  #settleByAnswer(
    command: Command | undefined,
    answer: 'NOT_EXECUTED' | 'NOT_KNOWN',
    { attempt = 1, ...why }: CommandAnswer,
  ): void {
    const ledger = this.#ledger;
    if (command?.status !== 'UNKNOWN') ledger.count('stale');
    // It speaks of an attempt before, and knew nothing yet of the one that is unknown now.
    else if (answer === 'NOT_EXECUTED' && attempt < (command.attempt ?? 1)) ledger.count('stale');
    else if (answer === 'NOT_KNOWN') {
      const known = { ...command, atMs: ledger.nowMs };
      ledger.tell(known, 'UNKNOWN', { reason: why.reason ?? 'not-known' }, { ask: false });
      this.#giveUp(known);
    } else if (command.expiresAtMs <= ledger.nowMs) this.#end(command, 'EXPIRED', { reason: 'not-executed' });
    else if (command.epoch < ledger.known.epoch) this.#end(command, 'SUPERSEDED', { reason: 'not-executed' });
    else ledger.move(command, 'ACCEPTED', { reason: 'not-executed' });
  }

  #giveUp(command: Command): void {
    this.#ledger.retire(command);
    this.#takeAlong(command.id, 'UNKNOWN');
  }

  #end(command: Command, status: CommandStatus, why: Why): void {
    this.#ledger.move(command, status, why);
    this.#takeAlong(command.id, status);
  }

  /** A cancel has done its work when the other command is cancelled, by whomever. */
  #endCancel(cancel: Command, ended: CommandStatus | undefined): void {
    if (ended === 'CANCELLED') this.#end(cancel, 'SUCCEEDED', { reason: 'cancelled' });
    else this.#end(cancel, 'FAILED', { reason: 'too-late' });
  }

  /** What an end means for the cancels of that command and for the commands that wait for it. */
  #takeAlong(ended: string, status: CommandStatus): void {
    for (const { id } of this.#ledger.known.open) {
      const command = this.#ledger.find(id);
      if (command?.cancels === ended) this.#endCancel(command, status);
      else if (command?.after?.commandId === ended) this.#follow(command, status);
    }
  }

  #follow(command: Command, ended: CommandStatus): void {
    if (ended === 'SUCCEEDED' || command.after?.on === 'end') this.#ledger.replace({ ...command, after: undefined });
    else this.#end(command, 'CANCELLED', { reason: `after-${ended}` });
  }

  #verified(command: Command, verification: 'VERIFIED' | 'DIVERGED'): void {
    const { verifying } = this.#ledger.known;
    this.#ledger.change({ verifying: verifying.filter((one) => one.command.id !== command.id) });
    this.#ledger.tell(command, 'SUCCEEDED', {}, { verification });
  }
}

/** Who doesn't say which try is meant can't mean one that waits for its turn again. */
function isOfEarlierTry({ tries = 1, status }: Command, said: CommandAnswer): boolean {
  return said.tries === undefined ? tries > 1 && status === 'ACCEPTED' : said.tries < tries;
}

function toCancelId(target: string): string {
  return `cancel.${target}`.slice(0, 128);
}

/** When it counts as unanswered. What may be handed over again is, until its deadline; what a stop overtook is not. */
export function answerDueMs(
  command: Command,
  { epoch, stoppedAtMs }: Pick<Commands, 'epoch' | 'stoppedAtMs'>,
  limits: CommandLimits,
): number {
  const { status, atMs, idempotent } = command;
  if (status !== 'SENT' && status !== 'DELIVERED') return Infinity;
  if (command.epoch === epoch) return idempotent === true ? Infinity : atMs + limits.commandAnswerWithinMs;
  return Math.max(atMs, stoppedAtMs) + limits.commandAnswerWithinMs;
}
