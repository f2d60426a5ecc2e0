import { type Decoded, isRobotId } from '@fleetstream/kernel';
import { contentTypes, isAvroEvent } from './content-types.ts';
import { envelopeSchema, type FleetEvent, toRobotSource } from './event-envelope.ts';
import { fleetEventSchemas, isFleetEventType, isRobotEventType, robotEventSchemas } from './events/index.ts';
import { toIssueDetail } from './issue-detail.ts';

/** What a decoder needs of a Kafka record. */
export interface FleetRecord {
  readonly value: Buffer | null;
  readonly key: string | undefined;
  readonly contentType: string | undefined;
}

/**
 * Reads one record of `fleet.events`. Total: whatever the bytes are, the answer is an input, a tick or poison.
 *
 * `data` is checked against its schema again although the webhook did it: the platform and operators write to the log
 * too, and a model that may trust its input is simpler. It costs about 2 µs for a full robot state. What the schemas
 * don't know (extension attributes, additional keys of `data`) is left out of the input and stays in the log.
 */
export function decodeFleetRecord(record: FleetRecord): Decoded<FleetEvent> {
  if (record.value === null) return poison('the record has no value');
  if (record.contentType?.startsWith(contentTypes.cloudEvent) !== true) {
    // Readers make Avro JSON before they ask here; what still is Avro could not be read.
    if (isAvroEvent(record.contentType)) return poison('the Avro value does not fit a schema of the registry');
    return poison(`the content-type header is not ${contentTypes.cloudEvent}`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(record.value.toString('utf8'));
  } catch {
    return poison('the value is not JSON');
  }
  const envelope = envelopeSchema.safeParse(parsed);
  if (!envelope.success) return poison(toIssueDetail(envelope.error));
  const { type, source } = envelope.data;
  const schema = schemaOf(type);
  if (schema === undefined) return poison(`type: ${JSON.stringify(type)} is not known`);
  const data = schema.safeParse(envelope.data.data);
  if (!data.success) return poison(toIssueDetail(data.error, 'data'));
  if (type === 'fleet.tick.v1') return { kind: 'tick' };
  const { key } = record;
  if (key === undefined || !isRobotId(key)) return poison('the key is not a robot id');
  if (source !== toRobotSource(key) && !(isFleetEventType(type) && source.startsWith('/fleet/'))) {
    return poison('source: is not that of the robot in the key');
  }
  envelope.data.data = data.data;
  // Sound by the two checks above: the type is known and `data` is what its schema gave.
  return { kind: 'input', key, input: envelope.data as FleetEvent };
}

function schemaOf(
  type: string,
):
  | (typeof robotEventSchemas & typeof fleetEventSchemas)[keyof (typeof robotEventSchemas & typeof fleetEventSchemas)]
  | undefined {
  if (isRobotEventType(type)) return robotEventSchemas[type];
  if (isFleetEventType(type)) return fleetEventSchemas[type];
  return undefined;
}

function poison(detail: string): Decoded<FleetEvent> {
  return { kind: 'poison', reason: 'FS_RECORD_UNDECODABLE', detail };
}
