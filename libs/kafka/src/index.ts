export { createKafkaClient, type KafkaOptions } from './kafka-client.ts';
