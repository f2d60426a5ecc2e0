/** Media types of events, in HTTP and in Kafka's `content-type` header (CloudEvents HTTP and Kafka bindings 1.0.2). */
export const contentTypes = {
  cloudEvent: 'application/cloudevents+json',
  cloudEventBatch: 'application/cloudevents-batch+json',
  json: 'application/json',
  problem: 'application/problem+json',
} as const;
