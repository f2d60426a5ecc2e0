/** Media types of events, in HTTP and in Kafka's `content-type` header (CloudEvents HTTP and Kafka bindings 1.0.2). */
export const contentTypes = {
  cloudEvent: 'application/cloudevents+json',
  /** In Kafka alone: Confluent's wire format, the schema known to a registry. */
  cloudEventAvro: 'application/cloudevents+avro',
  cloudEventBatch: 'application/cloudevents-batch+json',
  json: 'application/json',
  problem: 'application/problem+json',
} as const;

/** Whether a record's `content-type` header says that its value is Avro. */
export function isAvroEvent(contentType: string | undefined): boolean {
  return contentType?.startsWith(contentTypes.cloudEventAvro) === true;
}
