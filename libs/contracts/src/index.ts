export { type AvroEvent, toAvroEvent, toEventText } from './avro/avro-event.ts';
export { type AvroRecordSchema, eventSubject, toAvroEventSchema } from './avro/avro-event-schema.ts';
export { contentTypes, isAvroEvent } from './content-types.ts';
export { type DialectDeviation } from './dialects/dialect-deviations.ts';
export { dialectTypes, type DialectType, isDialectType } from './dialects/map-dialect.ts';
export { decodeFleetRecord, type FleetRecord } from './decode-fleet-record.ts';
export { type EventChecks } from './event-checks.ts';
export { type EventDescription, type EventField, renderEventDocs } from './describe-events.ts';
export { toEventJsonSchema } from './event-json-schema.ts';
export { type Envelope, type FleetEvent, toRobotSource } from './event-envelope.ts';
export {
  type EventData,
  type EventType,
  type FleetEventType,
  insightEventSchemas,
  isRobotEventType,
  outputEventSchemas,
  robotEventSchemas,
  type OutputEventType,
  type RobotEventType,
  rolloutEventSchemas,
  type RolloutEventType,
} from './events/index.ts';
export {
  type CommandAckStatus,
  commandAckStatuses,
  type CommandData,
  commandExpiryMs,
  commandPriorities,
  type CommandPriority,
  type CommandStatus,
  commandStatuses,
  deliveryChannels,
  deliveryOutcomes,
  type FailureClass,
  failureClasses,
  isSettled,
  isTerminal,
  type TerminalStatus,
  type Verification,
} from './events/command-events.ts';
export { type Condition, type ConditionPath } from './events/condition.ts';
export {
  type CommandCancelRequestedData,
  type CommandDecidedData,
  type CommandRequestedData,
  commandRequestedSchema,
  type DeliveryData,
  type RobotEnrolledData,
  type RobotRetiredData,
} from './events/fleet-events.ts';
export { type InsightData, type InsightSeverity } from './events/insight-events.ts';
export { type FleetAlertData, type RobotStateView } from './events/output-events.ts';
export {
  type RobotAlertData,
  type RobotCommandAckData,
  type RobotTaskData,
  type RobotTelemetryData,
} from './events/robot-events.ts';
export {
  type GateFigures,
  type RolloutAbortedData,
  type RolloutCommand,
  rolloutCommandSchema,
  type RolloutControlledData,
  type RolloutCreatedData,
  type RolloutGate,
  rolloutGateSchema,
  rolloutMax,
  type RolloutPassedData,
  type RolloutPlan,
  rolloutPlanSchema,
  type RolloutReleasedData,
  type RolloutRobotsData,
  type Selector,
  selectorSchema,
} from './events/rollout-events.ts';
export { type RobotStateData } from './events/robot-state.ts';
export { type ActionStatus, type ErrorLevel, errorLevels } from './events/shared.ts';
export {
  type EventResult,
  type FoldedProgress,
  type IngestAnswer,
  type IngestHints,
  type Problem,
} from './ingest-answer.ts';
export { type ParsedRobotEvent, parseRobotEvent, type RobotEventGiven } from './parse-robot-event.ts';
export { tickKey, toTickEvent } from './tick.ts';
export { topics, type TopicSpec, topicSpecs } from './topics.ts';
export { type ProblemFields, toProblem } from './to-problem.ts';
export { type Capsule, type CapsuleContent, type CapsuleEvent, type CapsuleOutput, capsuleSchema } from './capsule.ts';
