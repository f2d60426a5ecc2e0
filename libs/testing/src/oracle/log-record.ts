/** A record as the oracle reads it back from a topic. */
export interface OracleRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string;
  readonly value: Buffer;
  readonly contentType: string | undefined;
}
