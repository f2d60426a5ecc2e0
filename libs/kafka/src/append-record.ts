/** What is to be appended to the log: a structured CloudEvent. */
export interface AppendRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer | string;
  /** Of the value; `application/cloudevents+json` when left out. */
  readonly contentType?: string;
  /** All headers, the content type among them, instead of `contentType`. Each costs every reader. */
  readonly headers?: Readonly<Record<string, string | Buffer>>;
  /** Chosen by the key's murmur2 hash, as the Java client does, when left out. */
  readonly partition?: number;
}

/** Where a record was appended. */
export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}
