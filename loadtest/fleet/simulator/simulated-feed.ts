import { type FeedItem, type RobotFeed, type RobotIdentity } from '../fleet-source.ts';
import { createRobotEvent, toContentId } from '../robot-event.ts';
import { between, type Random } from '../seeded-random.ts';
import { createSimulatedClock, type SimulatedClock } from './simulated-clock.ts';
import { type Happening, SimulatedWorld } from './simulated-world.ts';
import { toTaskData, toAlertData, toStateData, toTelemetryData } from './simulated-data.ts';

export interface SimulationOptions {
  readonly identity: RobotIdentity;
  readonly random: Random;
  /** Wall time between two events of the robot. */
  readonly tickMs: number;
  readonly speed: number;
  readonly run: string;
  readonly startMs: number;
  /** World time after which the robot falls silent; `undefined` for never. */
  readonly endMs: number | undefined;
}

const meanSecondsBetweenHoles = 400;
const meanSecondsBetweenReboots = 900;
/** One report in so many is telemetry instead of state. */
const telemetryEvery = 4;

/** One simulated robot: its world, its clock, its network and its boots. */
export function createSimulatedFeed(options: SimulationOptions): RobotFeed {
  const life = new SimulatedLife(options);
  return { identity: options.identity, next: () => life.next() };
}

class SimulatedLife {
  readonly #options: SimulationOptions;
  readonly #world: SimulatedWorld;
  readonly #clock: SimulatedClock;
  /** Made in a tick and not handed out yet; one tick makes a handful at most. */
  readonly #waiting: FeedItem[] = [];
  readonly #phaseMs: number;
  #tick = 0;
  #boot = 0;
  #sequence = 0;
  #holeEndsMs: number | undefined;
  #awakeAtMs = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { identity, random, startMs, tickMs } = options;
    this.#world = new SimulatedWorld(identity.robotId, random);
    this.#clock = createSimulatedClock(startMs, random);
    this.#phaseMs = between(random, 0, tickMs);
  }

  next(): FeedItem | undefined {
    const { endMs, speed, tickMs } = this.#options;
    while (this.#waiting.length === 0) {
      const atMs = this.#phaseMs + this.#tick * tickMs;
      const worldMs = atMs * speed;
      if (endMs !== undefined && worldMs > endMs) return undefined;
      this.#tick += 1;
      this.#live(atMs, worldMs);
    }
    return this.#waiting.shift();
  }

  #live(atMs: number, worldMs: number): void {
    const { random, speed, tickMs } = this.#options;
    const seconds = (tickMs * speed) / 1000;
    const happenings = this.#world.step(seconds);
    this.#stepNetwork(atMs, worldMs, seconds);
    if (worldMs < this.#awakeAtMs) return;
    if (random() < seconds / meanSecondsBetweenReboots) {
      this.#awakeAtMs = worldMs + between(random, 5000, 20_000);
      this.#boot += 1;
      this.#sequence = 0;
      return;
    }
    // What happened takes the place of the regular report, so that a robot keeps its rate.
    if (happenings.length > 0) for (const happening of happenings) this.#tell(atMs, worldMs, happening);
    else this.#report(atMs, worldMs);
  }

  #stepNetwork(atMs: number, worldMs: number, seconds: number): void {
    const { random } = this.#options;
    if (this.#holeEndsMs === undefined) {
      if (random() >= seconds / meanSecondsBetweenHoles) return;
      this.#holeEndsMs = worldMs + between(random, 5000, 25_000);
      this.#waiting.push({ kind: 'network', atMs, online: false });
    } else if (worldMs >= this.#holeEndsMs) {
      this.#holeEndsMs = undefined;
      this.#waiting.push({ kind: 'network', atMs, online: true });
    }
  }

  #tell(atMs: number, worldMs: number, happening: Happening): void {
    if (happening.kind === 'task') this.#emit(atMs, worldMs, 'robot.task.v1', toTaskData(happening));
    else this.#emit(atMs, worldMs, 'robot.alert.v1', toAlertData(happening.error));
  }

  #report(atMs: number, worldMs: number): void {
    const telemetry = this.#tick % telemetryEvery === 0;
    const type = telemetry ? 'robot.telemetry.v1' : 'robot.state.v1';
    this.#emit(atMs, worldMs, type, telemetry ? toTelemetryData(this.#world) : toStateData(this.#world));
  }

  #emit(atMs: number, worldMs: number, type: string, data: object): void {
    const { identity, run, startMs } = this.#options;
    const { robotId } = identity;
    const bootid = `boot.${this.#boot}.${run}`;
    const event = createRobotEvent({
      robotId,
      id: toContentId(robotId, bootid, String(this.#sequence)),
      type,
      time: new Date(this.#clock(startMs + worldMs)).toISOString(),
      sequence: this.#sequence,
      bootid,
      dataText: JSON.stringify(data),
    });
    this.#sequence += 1;
    this.#waiting.push({ kind: 'event', atMs, event });
  }
}
