export { createKafkaClient, type KafkaOptions } from './kafka-client.ts';
export { createLogProducer, type LogProducer, type LogProducerOptions, type ProducedBatch } from './log-producer.ts';
export { type AppendRecord, type LogPosition } from './append-record.ts';
