import {
  type RobotAlertData,
  type RobotStateData,
  type RobotTaskData,
  type RobotTelemetryData,
} from '@fleetstream/contracts';
import { type Happening, type SimulatedError, type SimulatedWorld } from './simulated-world.ts';

export function toStateData(world: SimulatedWorld): RobotStateData {
  return {
    mode: 'AUTOMATIC',
    battery: {
      percent: round(world.batteryPercent),
      voltageV: round(world.batteryVoltageV),
      charging: world.activity === 'charging',
    },
    pose: { x: round(world.x), y: round(world.y), theta: round(world.theta), map: 'warehouse-1' },
    velocity: { linearMps: world.speedMps },
    driving: world.moving,
    // Errors are whole in each report: an empty list is what clears them.
    errors: world.error === undefined ? [] : [{ ...world.error }],
    ...(world.activity === 'charging' ? {} : { task: { id: world.missionId, step: world.activity } }),
  };
}

export function toTelemetryData(world: SimulatedWorld): RobotTelemetryData {
  return {
    metrics: {
      'motor.temperature': { value: round(world.motorC), unit: 'degC' },
      'motor.current': { value: round(world.moving ? 6.5 : 0.4), unit: 'A' },
      'battery.voltage': { value: round(world.batteryVoltageV), unit: 'V' },
    },
  };
}

export function toTaskData(happening: Extract<Happening, { kind: 'task' }>): RobotTaskData {
  return { id: happening.id, status: happening.status, type: 'TRANSPORT' };
}

export function toAlertData(error: SimulatedError): RobotAlertData {
  return { code: error.type, level: error.level, message: 'The robot stopped and waits until it is cleared.' };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
