import { type Clock } from '@fleetstream/kernel';

/**
 * What an opening may wait for: a copy's last fold, the fencing with what is committed, the ends of the log, leftovers in
 * the folder, the local state, a checkpoint, the soonest timers.
 */
export type OpeningPhase = 'copy' | 'fence' | 'offsets' | 'tidy' | 'local' | 'restore' | 'timers';

/** How long each took, in whole milliseconds; phases may overlap. */
export type OpeningTimes = Readonly<Partial<Record<OpeningPhase, number>>>;

/** Takes the times of one opening. */
export class OpeningPhases {
  readonly #clock: Clock;
  readonly #times: Partial<Record<OpeningPhase, number>> = {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get times(): OpeningTimes {
    return this.#times;
  }

  async time<Answer>(phase: OpeningPhase, work: () => Promise<Answer>): Promise<Answer> {
    const startMs = this.#clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.#times[phase] = Math.round(this.#clock.monotonicMs() - startMs);
    }
  }
}
