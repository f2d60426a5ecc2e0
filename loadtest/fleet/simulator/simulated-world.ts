import { between, type Random } from '../seeded-random.ts';

/** An active error, as `robot.state.v1` lists it. */
export interface SimulatedError {
  readonly type: string;
  readonly level: 'WARNING' | 'URGENT' | 'CRITICAL' | 'FATAL';
}

/** What happened during a step and is worth an event of its own. */
export type Happening =
  | { readonly kind: 'task'; readonly id: string; readonly status: 'RUNNING' | 'FINISHED' | 'FAILED' }
  | { readonly kind: 'stopped'; readonly error: SimulatedError };

type Activity = 'driving' | 'loading' | 'toCharger' | 'charging';

const widthM = 60;
const depthM = 40;
const speedMps = 1.4;
const drainPerSecond = 0.08;
const chargePerSecond = 0.4;
const chargerPose = { x: 2, y: 2 };
const meanSecondsBetweenFaults = 240;
const faults: readonly SimulatedError[] = [
  { type: 'OBSTACLE_IN_PATH', level: 'WARNING' },
  { type: 'LOCALIZATION_LOST', level: 'URGENT' },
  { type: 'LOAD_SENSOR_MISMATCH', level: 'CRITICAL' },
  { type: 'DRIVE_OVERTEMPERATURE', level: 'FATAL' },
];

/**
 * One transport robot in a warehouse: drives from mission to mission, loads, charges when low, stands still while it has
 * an error.
 *
 * Moves: driving → loading → driving …; driving → toCharger below 25 % → charging → driving above 95 %.
 */
export class SimulatedWorld {
  readonly #random: Random;
  readonly #robotId: string;
  #activity: Activity = 'driving';
  #target: { readonly x: number; readonly y: number };
  #restSeconds = 0;
  #mission = 0;
  #faultEndsIn = 0;
  x: number;
  y: number;
  theta = 0;
  batteryPercent: number;
  motorC = 35;
  error: SimulatedError | undefined;

  constructor(robotId: string, random: Random) {
    this.#robotId = robotId;
    this.#random = random;
    this.x = between(random, 0, widthM);
    this.y = between(random, 0, depthM);
    this.batteryPercent = between(random, 30, 100);
    this.#target = this.#chooseTarget();
  }

  get missionId(): string {
    return `${this.#robotId}-m${this.#mission}`;
  }

  get activity(): Activity {
    return this.#activity;
  }

  get moving(): boolean {
    return this.error === undefined && (this.#activity === 'driving' || this.#activity === 'toCharger');
  }

  get speedMps(): number {
    return this.moving ? speedMps : 0;
  }

  get batteryVoltageV(): number {
    return 22 + 0.06 * this.batteryPercent;
  }

  /** Lets time pass. */
  step(seconds: number): Happening[] {
    this.motorC += ((this.moving ? 55 : 35) - this.motorC) * Math.min(1, seconds / 60);
    const charging = this.#activity === 'charging';
    const change = charging ? chargePerSecond : -drainPerSecond * (this.moving ? 1 : 0.3);
    this.batteryPercent = Math.min(100, Math.max(1, this.batteryPercent + change * seconds));
    const fault = this.#stepFault(seconds);
    if (this.error !== undefined) return fault;
    return [...fault, ...this.#stepActivity(seconds)];
  }

  #stepFault(seconds: number): Happening[] {
    if (this.error !== undefined) {
      this.#faultEndsIn -= seconds;
      if (this.#faultEndsIn <= 0) this.error = undefined;
      return [];
    }
    if (this.#random() >= seconds / meanSecondsBetweenFaults) return [];
    // Squared: slight faults are common, grave ones rare.
    const error = faults[Math.floor(this.#random() ** 2 * faults.length)];
    if (error === undefined) return [];
    this.error = error;
    this.#faultEndsIn = between(this.#random, 8, 40);
    const failed: Happening = { kind: 'task', id: this.missionId, status: 'FAILED' };
    if (error.level !== 'FATAL' || this.#activity === 'charging') return [{ kind: 'stopped', error }];
    this.#mission += 1;
    return [{ kind: 'stopped', error }, failed];
  }

  #stepActivity(seconds: number): Happening[] {
    switch (this.#activity) {
      case 'driving':
        if (!this.#drive(seconds)) return [];
        this.#activity = 'loading';
        this.#restSeconds = between(this.#random, 4, 12);
        return [];
      case 'loading':
        this.#restSeconds -= seconds;
        return this.#restSeconds > 0 ? [] : this.#endMission();
      case 'toCharger':
        if (this.#drive(seconds)) this.#activity = 'charging';
        return [];
      case 'charging':
        return this.batteryPercent < 95 ? [] : [this.#startMission()];
    }
  }

  #endMission(): Happening[] {
    const ended: Happening = { kind: 'task', id: this.missionId, status: 'FINISHED' };
    if (this.batteryPercent >= 25) return [ended, this.#startMission()];
    this.#activity = 'toCharger';
    this.#target = chargerPose;
    return [ended];
  }

  #startMission(): Happening {
    this.#mission += 1;
    this.#activity = 'driving';
    this.#target = this.#chooseTarget();
    return { kind: 'task', id: this.missionId, status: 'RUNNING' };
  }

  #chooseTarget(): { readonly x: number; readonly y: number } {
    return { x: between(this.#random, 0, widthM), y: between(this.#random, 0, depthM) };
  }

  /** True on arrival. */
  #drive(seconds: number): boolean {
    const [dx, dy] = [this.#target.x - this.x, this.#target.y - this.y];
    const distance = Math.hypot(dx, dy);
    const reach = speedMps * seconds;
    if (distance > 0) this.theta = Math.atan2(dy, dx);
    const share = distance <= reach ? 1 : reach / distance;
    this.x += dx * share;
    this.y += dy * share;
    return distance <= reach;
  }
}
