export { ensureTopics, type WantedTopic } from './ensure-topics.ts';
export { createGroupMembership, type GroupMembership, type GroupMembershipOptions } from './group-membership.ts';
export { type ClusterDescription, describeCluster } from './describe-cluster.ts';
export { type CommittedOffsets, createCommittedOffsets } from './committed-offsets.ts';
export { type GroupAssignment, type WatchedMember } from './group-assignment.ts';
export { createGroupOwners, type GroupOwners, type GroupOwnersOptions } from './group-owners.ts';
export { createKafkaClient, type KafkaOptions } from './kafka-client.ts';
export { type Isolation } from './kafkajs-inside.ts';
export { fetchCommitted, fetchOffsets, fetchOffsetsSince, type OffsetRange } from './log-offsets.ts';
export { type LogBatch, type LogReader } from './log-reader.ts';
export { type LogHeader, type LogRecord } from './log-record.ts';
export { createLogSource, type LogSource, type LogSourceOptions } from './log-source.ts';
export { type MemberData } from './member-data.ts';
export { createMemberWatch, type MemberWatch } from './watch-members.ts';
export { createPartitionAppender, type PartitionAppender } from './partition-appender.ts';
export { type GroupMember } from './protocol/transaction-requests.ts';
export { partitionForKey } from './partition-for-key.ts';
export { readLog, type ReadLogOptions } from './read-log.ts';
export {
  createTransactionalSink,
  type SinkRecord,
  type TransactionalSink,
  type TransactionalSinkOptions,
} from './transactional-sink.ts';
export { createLogProducer, type LogProducer, type LogProducerOptions, type ProducedBatch } from './log-producer.ts';
export { type AppendRecord, type LogPosition } from './append-record.ts';
