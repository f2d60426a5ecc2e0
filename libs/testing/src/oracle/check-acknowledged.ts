import { createHash } from 'node:crypto';

/** One line of a fleet's journal: what the robot was told about an event it sent. */
export interface AcknowledgedEvent {
  readonly robotId: string;
  readonly id: string;
  readonly result: 'accepted' | 'duplicate' | 'rejected' | 'unacked';
  /** Of the event's bytes as sent, hex. */
  readonly sha256: string;
}

/** The robots' events that the log holds, by robot and then id, each with the hashes of the bytes found there. */
export class AppendedEvents {
  readonly #byRobot = new Map<string, Map<string, Set<string>>>();
  #records = 0;

  /** `hashes`: of the value, and of the raw message inside it when a dialect was mapped. */
  add(robotId: string, id: string, hashes: readonly string[]): void {
    this.#records += 1;
    let events = this.#byRobot.get(robotId);
    if (events === undefined) this.#byRobot.set(robotId, (events = new Map<string, Set<string>>()));
    const known = events.get(id);
    if (known === undefined) events.set(id, new Set(hashes));
    else for (const hash of hashes) known.add(hash);
  }

  /** Records, repeats included. */
  get records(): number {
    return this.#records;
  }

  hashesOf(robotId: string, id: string): ReadonlySet<string> | undefined {
    return this.#byRobot.get(robotId)?.get(id);
  }

  /** How many different events each robot has in the log. */
  distinct(): Map<string, number> {
    return new Map([...this.#byRobot].map(([robotId, events]) => [robotId, events.size]));
  }
}

export interface AcknowledgementCheck {
  readonly acknowledged: number;
  /** Told to a robot as accepted, and not in the log. */
  readonly lost: number;
  /** In the log with other bytes than were signed. */
  readonly altered: number;
  readonly examples: readonly string[];
}

/** Holds what robots were told against what the log has. */
export function checkAcknowledged(
  journal: Iterable<AcknowledgedEvent>,
  appended: AppendedEvents,
): AcknowledgementCheck {
  let acknowledged = 0;
  let lost = 0;
  let altered = 0;
  const examples: string[] = [];
  for (const { robotId, id, result, sha256 } of journal) {
    if (result !== 'accepted' && result !== 'duplicate') continue;
    acknowledged += 1;
    const hashes = appended.hashesOf(robotId, id);
    if (hashes?.has(sha256) === true) continue;
    if (hashes === undefined) lost += 1;
    else altered += 1;
    if (examples.length < 5) examples.push(`${hashes === undefined ? 'lost' : 'altered'}: ${robotId} ${id}`);
  }
  return { acknowledged, lost, altered, examples };
}

export interface CountCheck {
  readonly folded: number;
  /** Events of the log that the states don't count. */
  readonly uncounted: number;
  /** Events that the states count more than once. */
  readonly duplicated: number;
}

/** Holds the number of events that each robot's state says it folded against the different events in the log. */
export function checkCounts(distinct: ReadonlyMap<string, number>, counted: ReadonlyMap<string, number>): CountCheck {
  let folded = 0;
  let uncounted = 0;
  let duplicated = 0;
  for (const robotId of new Set([...distinct.keys(), ...counted.keys()])) {
    const inLog = distinct.get(robotId) ?? 0;
    const inState = counted.get(robotId) ?? 0;
    folded += inState;
    uncounted += Math.max(0, inLog - inState);
    duplicated += Math.max(0, inState - inLog);
  }
  return { folded, uncounted, duplicated };
}

/** SHA-256 as the journal writes it. */
export function toSha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
