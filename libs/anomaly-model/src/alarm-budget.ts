/** How much one alarm widens the threshold: by this power of e. */
const widenPerAlarm = 0.2;
/** The width is kept between these powers of e. */
const widthMin = -0.3;
const widthMax = 1.6;

/**
 * Keeps a series to its share of false alarms whatever its data do, after adaptive conformal inference (Gibbs and
 * Candes, 2021): an alarm widens the threshold, log time narrows it again at the rate at which alarms are allowed. In
 * the long run alarms then come as often as allowed, however wrong the fitted tail is. Where the widest threshold does
 * not suffice, further alarms are withheld, which makes the bound hold for any data:
 *
 * alarms in a stretch of log time <= allowed rate x stretch + {@link alarmBurstMax}
 */
export class AlarmBudget {
  #width = 0;
  #lastMs: number | undefined;

  /** The factor for the part of the threshold that lies above the tail's start. */
  get factor(): number {
    return Math.exp(this.#width);
  }

  /** @param allowedPerMs alarms allowed in a millisecond */
  advance(nowMs: number, allowedPerMs: number): void {
    if (this.#lastMs !== undefined && nowMs > this.#lastMs) {
      this.#width = Math.max(widthMin, this.#width - widenPerAlarm * allowedPerMs * (nowMs - this.#lastMs));
    }
    this.#lastMs = Math.max(this.#lastMs ?? nowMs, nowMs);
  }

  /** @returns whether the alarm may be given */
  spend(): boolean {
    if (this.#width + widenPerAlarm > widthMax) return false;
    this.#width += widenPerAlarm;
    return true;
  }
}

/** Alarms that a series may give beyond its rate. */
export const alarmBurstMax: number = Math.ceil((widthMax - widthMin) / widenPerAlarm);
