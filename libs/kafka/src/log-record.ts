/** One record of a topic, as the broker keeps it. */
export interface LogRecord {
  readonly partition: number;
  readonly offset: number;
  /** The broker's append time where the topic is LogAppendTime, in milliseconds since the epoch. */
  readonly timestampMs: number;
  /** Key and value are views of the fetched bytes: copy what is kept long. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** The `content-type` header, without parsing more than that. */
  readonly contentType: string | undefined;
  readonly headers: readonly LogHeader[];
}

export interface LogHeader {
  readonly name: string;
  readonly value: Buffer | null;
}
