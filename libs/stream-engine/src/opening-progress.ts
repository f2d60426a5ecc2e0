import { type Clock, type Log } from '@fleetstream/kernel';
import { type RestoreProgress } from '@fleetstream/state-store';

/** How far the refold of what was committed already is. Offsets are the log's, so a few of them may hold no record. */
export interface RefoldProgress {
  readonly fromOffset: number;
  /** What was committed before; from here on outputs are written again. */
  readonly toOffset: number;
  readonly at: number;
  readonly recordsPerSecond: number;
  /** At the pace so far; `null` while there is none. */
  readonly etaSeconds: number | null;
}

/** How far the download of a checkpoint is. */
export interface RestoringProgress extends RestoreProgress {
  readonly bytesPerSecond: number;
  readonly etaSeconds: number | null;
}

const logEveryMs = 3000;

/** Something that goes from one number to another, for whoever waits for it. */
class Pace {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #from: number;
  #loggedMs: number;

  constructor(clock: Clock, from: number) {
    this.#clock = clock;
    this.#from = from;
    this.#startMs = clock.monotonicMs();
    this.#loggedMs = this.#startMs;
  }

  at(at: number, to: number): { readonly perSecond: number; readonly etaSeconds: number | null } {
    const seconds = (this.#clock.monotonicMs() - this.#startMs) / 1000;
    const perSecond = seconds > 0 ? Math.round((at - this.#from) / seconds) : 0;
    const etaSeconds = perSecond > 0 ? Math.ceil(Math.max(0, to - at) / perSecond) : null;
    return { perSecond, etaSeconds };
  }

  /** True every few seconds. */
  isLogDue(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#loggedMs < logEveryMs) return false;
    this.#loggedMs = nowMs;
    return true;
  }
}

/** Tells how long a partition that opens will take: on its status, and every few seconds in the log. */
export class OpeningProgress {
  readonly #partition: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #restoring: { readonly pace: Pace; totalBytes: number; restoredBytes: number } | undefined;
  #refolding: { readonly pace: Pace; readonly fromOffset: number; readonly toOffset: number; at: number } | undefined;

  constructor(partition: number, clock: Clock, log: Log) {
    this.#partition = partition;
    this.#clock = clock;
    this.#log = log;
  }

  get restore(): RestoringProgress | undefined {
    if (this.#restoring === undefined) return undefined;
    const { pace, restoredBytes, totalBytes } = this.#restoring;
    const { perSecond, etaSeconds } = pace.at(restoredBytes, totalBytes);
    return { restoredBytes, totalBytes, bytesPerSecond: perSecond, etaSeconds };
  }

  get refold(): RefoldProgress | undefined {
    if (this.#refolding === undefined) return undefined;
    const { pace, fromOffset, toOffset, at } = this.#refolding;
    const { perSecond, etaSeconds } = pace.at(at, toOffset);
    return { fromOffset, toOffset, at, recordsPerSecond: perSecond, etaSeconds };
  }

  noteRestore({ restoredBytes, totalBytes }: RestoreProgress): void {
    // A checkpoint that is skipped begins anew at nothing.
    if (this.#restoring === undefined || restoredBytes === 0) {
      this.#restoring = { pace: new Pace(this.#clock, 0), totalBytes, restoredBytes };
    } else {
      this.#restoring.restoredBytes = restoredBytes;
    }
    if (this.#restoring.pace.isLogDue()) {
      this.#log.info({ partition: this.#partition, ...this.restore }, 'a checkpoint is being restored');
    }
  }

  /** The store is open at `fromOffset`; nothing is left of a restore to tell. */
  beginRefold(fromOffset: number, toOffset: number): void {
    this.#restoring = undefined;
    if (fromOffset >= toOffset) return;
    this.#refolding = { pace: new Pace(this.#clock, fromOffset), fromOffset, toOffset, at: fromOffset };
  }

  noteFolded(foldedOffset: number): void {
    if (this.#refolding === undefined) return;
    this.#refolding.at = foldedOffset;
    const done = foldedOffset >= this.#refolding.toOffset;
    if (done || this.#refolding.pace.isLogDue()) {
      const text = done ? 'what was committed before is refolded' : 'what was committed before is being refolded';
      this.#log.info({ partition: this.#partition, ...this.refold }, text);
    }
    if (done) this.#refolding = undefined;
  }
}
