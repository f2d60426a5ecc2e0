import { type Kafka } from 'kafkajs';
import { createRequire } from 'node:module';
import { type ProducerIdentity } from './protocol/record-batch-writer.ts';

/**
 * The parts of kafkajs below its public interface that this lib builds on: its cluster (metadata, leaders,
 * coordinators, TLS, SASL) and its brokers' requests. kafkajs is frozen at 2.2.4 and has no `exports` field, so these
 * shapes don't move; what they do was read in its source.
 */
export interface InsideCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number; readonly leader: number }[];
  findBroker(options: { nodeId: number }): Promise<InsideBroker>;
  /** With KRaft any broker: the controller itself is out of clients' reach. */
  findControllerBroker(): Promise<InsideBroker>;
  findGroupCoordinator(options: { groupId: string; coordinatorType?: 0 | 1 }): Promise<InsideBroker>;
  fetchTopicsOffset(
    topics: readonly ({ topic: string; partitions: readonly { partition: number }[] } & (
      { fromBeginning: boolean } | { fromTimestamp: number }
    ))[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
  removeBroker(address: { host: string; port: number }): void;
}

export interface InsideBroker {
  readonly nodeId: number;
  readonly connectionPool: {
    send(protocol: InsideProtocol): Promise<unknown>;
    getConnection(index: number): Promise<InsideConnection>;
  };
  isConnected(): boolean;
  connect(): Promise<void>;
  addPartitionsToTxn(
    options: InsideTransaction & { topics: readonly { topic: string; partitions: readonly number[] }[] },
  ): Promise<unknown>;
  addOffsetsToTxn(options: InsideTransaction & { groupId: string }): Promise<unknown>;
  offsetFetch(options: {
    groupId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
  leaveGroup(options: { groupId: string; memberId: string }): Promise<unknown>;
}

/** One socket. What is pushed to its queue is sent in order, as far as the broker's throttling allows. */
export interface InsideConnection {
  readonly clientId: string | null;
  readonly socket: { cork(): void; write(bytes: Buffer): unknown; uncork(): void };
  nextCorrelationId(): number;
  readonly requestQueue: {
    push(request: {
      readonly entry: {
        readonly apiKey: number;
        readonly apiName: string;
        readonly apiVersion: number;
        readonly correlationId: number;
        readonly resolve: (answer: { readonly payload: Buffer }) => void;
        readonly reject: (error: Error) => void;
      };
      readonly expectResponse: boolean;
      /** In milliseconds; the connection's own when `null`. */
      readonly requestTimeout: number | null;
      readonly sendRequest: () => void;
    }): void;
  };
}

interface InsideTransaction extends ProducerIdentity {
  readonly transactionalId: string;
}

export interface InsideProtocol {
  readonly request: unknown;
  readonly response: { decode(raw: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> };
  readonly requestTimeout?: number;
}

type CreateCluster = (options: {
  allowAutoTopicCreation: boolean;
  metadataMaxAge: number;
  isolationLevel: 0 | 1;
}) => InsideCluster;

const metadataMaxAgeMs = 60_000;

/** A cluster of its own connections, configured as the client is. Disconnect it when done. */
export function createCluster(kafka: Kafka, isolation: Isolation): InsideCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find((own) => own.description === 'private:Kafka:createCluster');
  if (symbol === undefined) throw new TypeError('This is not a kafkajs 2.2.4 client: it has no inner createCluster');
  const createInside = (kafka as unknown as Record<symbol, CreateCluster>)[symbol];
  if (createInside === undefined) throw new TypeError('The inner createCluster of kafkajs is not a function');
  return createInside({
    allowAutoTopicCreation: false,
    metadataMaxAge: metadataMaxAgeMs,
    isolationLevel: isolation === 'committed' ? 1 : 0,
  });
}

/** `committed` hides records of open and aborted transactions. */
export type Isolation = 'committed' | 'uncommitted';

export const transactionCoordinator = 1;

interface InsideModules {
  readonly createFetchRequest: (options: object) => unknown;
  readonly createErrorFromCode: (code: number) => Error;
}

/** Modules of kafkajs without types, loaded where they are first needed. */
export function loadInside(): InsideModules {
  const load = createRequire(import.meta.url);
  return {
    createFetchRequest: load(
      'kafkajs/src/protocol/requests/fetch/v11/request.js',
    ) as InsideModules['createFetchRequest'],
    createErrorFromCode: (
      load('kafkajs/src/protocol/error.js') as { createErrorFromCode: InsideModules['createErrorFromCode'] }
    ).createErrorFromCode,
  };
}

/** The broker's error code and kafkajs's name of it, when the broker answered with an error at all. */
export function toProtocolError(thrown: unknown): { readonly type: string; readonly code: number } | undefined {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { type, code } = error as { type?: unknown; code?: unknown };
    if (typeof type === 'string' && typeof code === 'number') return { type, code };
  }
  return undefined;
}

/** A broken connection must leave kafkajs's pool, or it would be used again. */
export function forgetBroken(cluster: InsideCluster, thrown: unknown): void {
  if (!(thrown instanceof Error) || thrown.name !== 'KafkaJSConnectionClosedError') return;
  const { host, port } = thrown as { host?: string; port?: number };
  if (host !== undefined && port !== undefined) cluster.removeBroker({ host, port });
}
