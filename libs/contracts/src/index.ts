export { contentTypes } from './content-types.ts';
export { type Envelope, envelopeSchema, type FleetEvent, toRobotSource } from './event-envelope.ts';
export {
  type EventType,
  fleetEventSchemas,
  type FleetEventType,
  isRobotEventType,
  robotEventSchemas,
  type RobotEventType,
} from './events/index.ts';
export { type RobotEnrolledData, type RobotRetiredData } from './events/fleet-events.ts';
export {
  type RobotAlertData,
  type RobotCommandAckData,
  type RobotTaskData,
  type RobotTelemetryData,
} from './events/robot-events.ts';
export { type RobotStateData } from './events/robot-state.ts';
export { actionStatuses, type ErrorLevel, errorLevels } from './events/shared.ts';
export { type EventResult, type IngestAnswer, type Problem } from './ingest-answer.ts';
export { topics, type TopicSpec, topicSpecs } from './topics.ts';
