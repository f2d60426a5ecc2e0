export interface CodecRecord {
  readonly key: string;
  readonly value: string;
}

/** One client's way of turning records into bytes and back; what the clients around them do besides is left out. */
export interface RecordCodecs {
  /** A produce request with one batch, as it would be written to the socket. */
  encodeProduce(records: readonly CodecRecord[]): Promise<Buffer>;
  /** The records of one partition of a fetch answer: how many, and the bytes of their values. */
  decodeFetched(bytes: Buffer): Promise<{ readonly records: number; readonly valueBytes: number }>;
  checksum(bytes: Buffer): number;
}

/** Of every record that is measured. */
export const codecHeaders = { 'content-type': 'application/cloudevents+json' };
