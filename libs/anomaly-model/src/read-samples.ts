import { type FleetEvent, type RobotStateData } from '@fleetstream/contracts';

/** One number of a robot's event. */
export interface Sample {
  readonly metric: string;
  readonly value: number;
  readonly unit: string | undefined;
}

/** What rates are taken against: the last values, and when the robot's own clock said they were. */
export interface RateAnchors {
  battery?: { readonly percent: number; readonly charging: boolean; readonly atMs: number };
  pose?: { readonly x: number; readonly y: number; readonly map: string | undefined; readonly atMs: number };
}

const batteryRateMs = { min: 60_000, max: 3_600_000 } as const;
const poseRateMs = { min: 50, max: 30_000 } as const;
const hourMs = 3_600_000;

/**
 * The numbers of an event that are worth watching: telemetry under its own names, and what a state says under
 * `state.`. Rates are per the robot's own clock, since a batch has one log time; they are durations, so a wrong clock
 * does no harm, and one that jumps gives no rate.
 */
export function readSamples(event: FleetEvent, anchors: RateAnchors): readonly Sample[] {
  if (event.type === 'robot.telemetry.v1') {
    return Object.entries(event.data.metrics).map(([metric, { value, unit }]) => ({ metric, value, unit }));
  }
  if (event.type !== 'robot.state.v1') return [];
  const clockMs = event.time === undefined ? NaN : Date.parse(event.time);
  return [...readBattery(event.data.battery, clockMs, anchors), ...readMotion(event.data, clockMs, anchors)];
}

function readBattery(battery: RobotStateData['battery'], clockMs: number, anchors: RateAnchors): Sample[] {
  if (battery === undefined) return [];
  const samples: Sample[] = [];
  const { percent, voltageV, charging = false } = battery;
  if (voltageV !== undefined) samples.push({ metric: 'state.battery.voltage', value: voltageV, unit: 'V' });
  if (percent === undefined) return samples;
  samples.push({ metric: 'state.battery.percent', value: percent, unit: '%' });
  if (Number.isNaN(clockMs)) return samples;
  const { battery: anchor } = anchors;
  const elapsedMs = anchor === undefined ? -1 : clockMs - anchor.atMs;
  const usable = anchor?.charging === charging && elapsedMs >= 0 && elapsedMs <= batteryRateMs.max;
  if (usable && elapsedMs < batteryRateMs.min) return samples;
  anchors.battery = { percent, charging, atMs: clockMs };
  if (!usable) return samples;
  // Charging and discharging are two kinds of normal.
  const metric = charging ? 'state.battery.charge-rate' : 'state.battery.rate';
  samples.push({ metric, value: ((percent - anchor.percent) / elapsedMs) * hourMs, unit: '%/h' });
  return samples;
}

function readMotion({ velocity, pose }: RobotStateData, clockMs: number, anchors: RateAnchors): Sample[] {
  const samples: Sample[] = [];
  if (velocity?.linearMps !== undefined) {
    samples.push({ metric: 'state.velocity.linear', value: velocity.linearMps, unit: 'm/s' });
  }
  if (velocity?.angularRps !== undefined) {
    samples.push({ metric: 'state.velocity.angular', value: velocity.angularRps, unit: 'rad/s' });
  }
  if (pose === undefined || Number.isNaN(clockMs)) return samples;
  const { pose: anchor } = anchors;
  const elapsedMs = anchor === undefined ? -1 : clockMs - anchor.atMs;
  const usable = anchor !== undefined && anchor.map === pose.map && elapsedMs >= 0 && elapsedMs <= poseRateMs.max;
  if (usable && elapsedMs < poseRateMs.min) return samples;
  anchors.pose = { x: pose.x, y: pose.y, map: pose.map, atMs: clockMs };
  if (!usable) return samples;
  const distance = Math.hypot(pose.x - anchor.x, pose.y - anchor.y);
  samples.push({ metric: 'state.pose.speed', value: (distance / elapsedMs) * 1000, unit: 'm/s' });
  return samples;
}
