/** Keys of the Kafka protocol that faults are aimed at, https://kafka.apache.org/protocol#protocol_api_keys */
export const kafkaApi = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  apiVersions: 18,
  initProducerId: 22,
  addPartitionsToTxn: 24,
  addOffsetsToTxn: 25,
  endTxn: 26,
  txnOffsetCommit: 28,
} as const;

/** The header of a request that passes a proxy. */
export interface KafkaRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Unique on its connection only. */
  readonly correlationId: number;
  readonly clientId: string;
  /** Counts the connections of a proxy from 0. */
  readonly connection: number;
  /** The whole frame, its length included. */
  readonly frame: Buffer;
}

/** Reads what every version of the request header begins with. */
export function readKafkaRequest(frame: Buffer, connection: number): KafkaRequest {
  const clientIdBytes = Math.max(frame.readInt16BE(12), 0);
  return {
    apiKey: frame.readInt16BE(4),
    apiVersion: frame.readInt16BE(6),
    correlationId: frame.readInt32BE(8),
    clientId: frame.toString('utf8', 14, 14 + clientIdBytes),
    connection,
    frame,
  };
}
