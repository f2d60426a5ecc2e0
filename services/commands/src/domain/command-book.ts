import { type CommandData, type CommandStatus, isSettled } from '@fleetstream/contracts';
import { type CommandView, type LogPlace, toCommandView } from './command-view.ts';

export interface CommandBookLimits {
  /** Commands that have ended, kept for questions; the one that ended first is forgotten first. */
  readonly finishedMax: number;
  /** Commands that have not; beyond it the oldest is forgotten, and no more delivered by this instance. */
  readonly openMax: number;
}

export interface CommandFilter {
  readonly robotId?: string | undefined;
  readonly status?: CommandStatus | undefined;
  readonly taskId?: string | undefined;
  readonly rolloutId?: string | undefined;
  readonly requestedBy?: string | undefined;
  /** Only what stands after it in the list. */
  readonly after?: ListPlace | undefined;
  readonly limit: number;
}

/** A place in the list of commands, whether something stands there or not. */
export type ListPlace = Pick<CommandView, 'requestedAtMs' | 'robotId' | 'commandId'>;

export interface CommandPage {
  readonly commands: readonly CommandView[];
  /** Where the next page begins; none after the last one. */
  readonly next: ListPlace | undefined;
}

/** What `fleet.commands` said so far: open commands by robot, in the order of their requests, and the last that ended. */
export class CommandBook {
  readonly #limits: CommandBookLimits;
  readonly #open = new Map<string, CommandView>();
  readonly #openOfRobot = new Map<string, Map<string, CommandView>>();
  readonly #finished = new Map<string, CommandView>();
  /** By the command's id alone: ids are unique for one robot by contract, and in general by how they are made. */
  readonly #keyOfId = new Map<string, string>();
  #forgottenOpen = 0;

  constructor(limits: CommandBookLimits) {
    this.#limits = limits;
  }

  get openCount(): number {
    return this.#open.size;
  }

  get finishedCount(): number {
    return this.#finished.size;
  }

  get forgottenOpen(): number {
    return this.#forgottenOpen;
  }

  /** Notes a transition. False when it tells nothing new: an end is an end, also when the log is read again. */
  apply(data: CommandData, at?: LogPlace): boolean {
    const key = toKey(data);
    const ended = this.#finished.get(key);
    if (ended !== undefined) {
      const isSeen = ended.verification === 'PENDING' && data.verification !== undefined;
      if (isSeen && data.verification !== 'PENDING') this.#finished.set(key, toCommandView(ended, data, at));
      return false;
    }
    const view = toCommandView(this.#open.get(key), data, at);
    this.#keyOfId.set(data.commandId, key);
    if (isSettled(view.status) || (view.status === 'UNKNOWN' && view.ask !== true)) {
      this.#removeOpen(key, view);
      this.#finished.set(key, view);
      if (this.#finished.size > this.#limits.finishedMax) this.#forgetFinished();
    } else {
      this.#open.set(key, view);
      const ofRobot = this.#openOfRobot.get(view.robotId) ?? new Map<string, CommandView>();
      this.#openOfRobot.set(view.robotId, ofRobot.set(key, view));
      if (this.#open.size > this.#limits.openMax) this.#forgetOpen();
    }
    return true;
  }

  find(commandId: string): CommandView | undefined {
    const key = this.#keyOfId.get(commandId);
    return key === undefined ? undefined : (this.#open.get(key) ?? this.#finished.get(key));
  }

  /** In the order of their requests. */
  openOf(robotId: string): Iterable<CommandView> {
    return this.#openOfRobot.get(robotId)?.values() ?? [];
  }

  /** The robot's control epoch, as far as open commands tell of it: after a stop, what is older is not handed over. */
  epochOf(robotId: string): number {
    let epoch = 0;
    for (const view of this.openOf(robotId)) epoch = Math.max(epoch, view.epoch);
    return epoch;
  }

  robotsWithOpen(): Iterable<string> {
    return this.#openOfRobot.keys();
  }

  /** The newest requests first, of the robots that may be told of. */
  list(filter: CommandFilter, mayTell: (robotId: string) => boolean = () => true): CommandPage {
    const { robotId, after, limit } = filter;
    const open = robotId === undefined ? this.#open.values() : this.openOf(robotId);
    const found = [...open, ...this.#finished.values()].filter(
      (view) =>
        matches(filter, view) && (after === undefined || comparePlaces(view, after) > 0) && mayTell(view.robotId),
    );
    const commands = found.sort(comparePlaces).slice(0, limit);
    return { commands, next: found.length > limit ? commands.at(-1) : undefined };
  }

  /** Everything that is known, in no order. */
  *all(): Generator<CommandView> {
    yield* this.#open.values();
    yield* this.#finished.values();
  }

  /** Everything that is known of a robot's commands. */
  of(robotId: string): CommandView[] {
    return [...this.openOf(robotId), ...[...this.#finished.values()].filter((view) => view.robotId === robotId)];
  }

  /** The steps of a task, the first one first. */
  ofTask(robotId: string, taskId: string): CommandView[] {
    const ofTask = this.of(robotId).filter((view) => view.taskId === taskId);
    return ofTask.sort((a, b) => toStepNumber(a) - toStepNumber(b));
  }

  /** The cancellings of a robot's commands, in the order of their requests. */
  cancellingsOf(robotId: string): CommandView[] {
    const cancellings = this.of(robotId).filter((view) => view.cancels !== undefined);
    return cancellings.sort((a, b) => a.requestedAtMs - b.requestedAtMs);
  }

  #removeOpen(key: string, { robotId }: CommandView): void {
    this.#open.delete(key);
    const ofRobot = this.#openOfRobot.get(robotId);
    ofRobot?.delete(key);
    if (ofRobot?.size === 0) this.#openOfRobot.delete(robotId);
  }

  #forgetFinished(): void {
    const [oldest] = this.#finished;
    if (oldest === undefined) return;
    const [key, { commandId }] = oldest;
    this.#finished.delete(key);
    if (this.#keyOfId.get(commandId) === key) this.#keyOfId.delete(commandId);
  }

  #forgetOpen(): void {
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    const [key, view] = oldest;
    this.#removeOpen(key, view);
    if (this.#keyOfId.get(view.commandId) === key) this.#keyOfId.delete(view.commandId);
    this.#forgottenOpen += 1;
  }
}

/** A slash is in neither id. */
function toKey({ robotId, commandId }: Pick<CommandView, 'robotId' | 'commandId'>): string {
  return `${robotId}/${commandId}`;
}

function matches(filter: CommandFilter, view: CommandView): boolean {
  const { robotId, status, taskId, rolloutId, requestedBy } = filter;
  return (
    (robotId === undefined || view.robotId === robotId) &&
    (status === undefined || view.status === status) &&
    (taskId === undefined || view.taskId === taskId) &&
    (rolloutId === undefined || view.rolloutId === rolloutId) &&
    (requestedBy === undefined || view.requestedBy === requestedBy)
  );
}

/** Newest first; the ids make the order whole, so that a page can begin after any place. */
function comparePlaces(a: ListPlace, b: ListPlace): number {
  if (a.requestedAtMs !== b.requestedAtMs) return b.requestedAtMs - a.requestedAtMs;
  const [keyOfA, keyOfB] = [toKey(a), toKey(b)];
  return keyOfA < keyOfB ? -1 : keyOfA > keyOfB ? 1 : 0;
}

/** A step's id ends with its number and how many there are. */
function toStepNumber({ commandId }: CommandView): number {
  return Number.parseInt(commandId.slice(commandId.lastIndexOf('.') + 1), 10);
}
