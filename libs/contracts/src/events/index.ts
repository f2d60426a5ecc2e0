import { type z } from 'zod';
import { commandSchema } from './command-events.ts';
import {
  commandCancelRequestedSchema,
  commandDecidedSchema,
  commandRequestedSchema,
  deliverySchema,
  robotEnrolledSchema,
  robotRetiredSchema,
  tickSchema,
} from './fleet-events.ts';
import { insightSchema } from './insight-events.ts';
import { fleetAlertSchema, robotStateViewSchema } from './output-events.ts';
import { robotAlertSchema, robotCommandAckSchema, robotTaskSchema, robotTelemetrySchema } from './robot-events.ts';
import { robotStateSchema } from './robot-state.ts';
import {
  rolloutAbortedSchema,
  rolloutControlledSchema,
  rolloutCreatedSchema,
  rolloutPassedSchema,
  rolloutReleasedSchema,
  rolloutRobotsSchema,
} from './rollout-events.ts';

/** Types that a robot may send, with the schema of their `data`. */
export const robotEventSchemas = {
  'robot.state.v1': robotStateSchema,
  'robot.telemetry.v1': robotTelemetrySchema,
  'robot.alert.v1': robotAlertSchema,
  'robot.task.v1': robotTaskSchema,
  'robot.command-ack.v1': robotCommandAckSchema,
} as const;

/** Types that only the platform writes. */
export const fleetEventSchemas = {
  'fleet.robot-enrolled.v1': robotEnrolledSchema,
  'fleet.robot-retired.v1': robotRetiredSchema,
  'fleet.command-requested.v1': commandRequestedSchema,
  'fleet.command-cancel-requested.v1': commandCancelRequestedSchema,
  'fleet.command-decided.v1': commandDecidedSchema,
  'fleet.delivery.v1': deliverySchema,
  'fleet.tick.v1': tickSchema,
} as const;

/** Types that the robot model writes to the output topics. */
export const outputEventSchemas = {
  'fleet.alert.v1': fleetAlertSchema,
  'fleet.command.v1': commandSchema,
  'fleet.robot-state.v1': robotStateViewSchema,
} as const;

/** Types that models write to `fleet.insights`. */
export const insightEventSchemas = {
  'fleet.insight.v1': insightSchema,
} as const;

/** Types that the commands service writes to `fleet.rollouts`. */
export const rolloutEventSchemas = {
  'fleet.rollout-robots.v1': rolloutRobotsSchema,
  'fleet.rollout-created.v1': rolloutCreatedSchema,
  'fleet.rollout-released.v1': rolloutReleasedSchema,
  'fleet.rollout-passed.v1': rolloutPassedSchema,
  'fleet.rollout-aborted.v1': rolloutAbortedSchema,
  'fleet.rollout-controlled.v1': rolloutControlledSchema,
} as const;

export type RobotEventType = keyof typeof robotEventSchemas;
export type FleetEventType = keyof typeof fleetEventSchemas;
export type OutputEventType = keyof typeof outputEventSchemas;
export type RolloutEventType = keyof typeof rolloutEventSchemas;
/** What may stand in `fleet.events`. */
export type EventType = RobotEventType | FleetEventType;

/** The `data` of an event type. */
export type EventData<Type extends EventType> = Type extends RobotEventType
  ? z.infer<(typeof robotEventSchemas)[Type]>
  : Type extends FleetEventType
    ? z.infer<(typeof fleetEventSchemas)[Type]>
    : never;

export function isRobotEventType(type: string): type is RobotEventType {
  return Object.hasOwn(robotEventSchemas, type);
}

export function isFleetEventType(type: string): type is FleetEventType {
  return Object.hasOwn(fleetEventSchemas, type);
}
