/** One record of `fleet.dlq`: what could not be folded, untouched, with why and whence. */
export interface DeadLetter {
  /** `<partition>/<offset>` in `fleet.dlq`. */
  readonly place: string;
  readonly atMs: number;
  /** `null` for a record that nobody gave a robot. */
  readonly robotId: string | null;
  readonly reason: string;
  /** Where it failed: decode, fold, timer, or a model's name. */
  readonly step: string;
  readonly detail: string;
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number };
  /** As in the origin: everything but what tells of the failure. */
  readonly headers: Readonly<Record<string, Buffer>>;
  /** `null` for a timer, behind which there is no record. */
  readonly value: Buffer | null;
  /** How often it has been put back into the log before. */
  readonly redrives: number;
}

/** What of a Kafka record a letter is read from. */
export interface LetterRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | null }[];
}

/** Tells of the failure. Every other header belongs to the record. */
const failurePrefix = 'fs-';
/** Where in `fleet.dlq` a redriven record comes from, and how often it has come. */
export const redriveHeaders = { from: 'fs-redriven-from', count: 'fs-redrives' } as const;

export function parseDeadLetter(record: LetterRecord): DeadLetter {
  const { partition, offset, timestampMs, key, value } = record;
  const told = new Map(record.headers.map((header) => [header.name, header.value ?? Buffer.alloc(0)]));
  const text = (name: string) => told.get(name)?.toString('utf8') ?? '';
  return {
    place: `${partition}/${offset}`,
    atMs: timestampMs,
    robotId: key === null ? null : key.toString('utf8'),
    reason: text('fs-reason'),
    step: text('fs-step'),
    detail: text('fs-detail'),
    origin: {
      topic: text('fs-origin-topic'),
      partition: Number(text('fs-origin-partition') || Number.NaN),
      offset: Number(text('fs-origin-offset') || Number.NaN),
    },
    headers: Object.fromEntries([...told].filter(([name]) => !name.startsWith(failurePrefix))),
    // Fetched bytes are a view of a whole batch, which would stay in memory with it.
    value: value === null ? null : Buffer.from(value),
    redrives: Number(text(redriveHeaders.count) || 0),
  };
}

/** The event's own id and type, where the record can be read so far. */
export function readEventName({ value }: DeadLetter): { readonly id?: string; readonly type?: string } {
  if (value === null) return {};
  try {
    const event = JSON.parse(value.toString('utf8')) as unknown;
    if (typeof event !== 'object' || event === null) return {};
    const { id, type } = event as { readonly id?: unknown; readonly type?: unknown };
    return { ...(typeof id === 'string' && { id }), ...(typeof type === 'string' && { type }) };
  } catch {
    return {};
  }
}

/** Why a letter can't be put back; `undefined` for one that can. */
export function findObstacle(letter: DeadLetter, logTopic: string): string | undefined {
  if (letter.value === null) return 'a timer has no record: it fires again when its robot sends';
  if (letter.robotId === null) return 'it has no key: it belongs to no robot';
  if (letter.origin.topic !== logTopic) return `it does not come from ${logTopic}`;
  return undefined;
}

/** What a letter may be chosen by; all that is given must hold. */
export interface LetterFilter {
  readonly robotId?: string | undefined;
  readonly reason?: string | undefined;
  readonly step?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Exclusive. */
  readonly untilMs?: number | undefined;
  /** Only these, by place. */
  readonly places?: ReadonlySet<string> | undefined;
}

export function isChosen(letter: DeadLetter, filter: LetterFilter): boolean {
  const { robotId, reason, step, sinceMs, untilMs, places } = filter;
  if (robotId !== undefined && letter.robotId !== robotId) return false;
  if (reason !== undefined && letter.reason !== reason) return false;
  if (step !== undefined && letter.step !== step) return false;
  if (sinceMs !== undefined && letter.atMs < sinceMs) return false;
  if (untilMs !== undefined && letter.atMs >= untilMs) return false;
  return places?.has(letter.place) !== false;
}

/** As the records lay in the log: what is put back keeps the order of its robot. */
export function byOrigin(one: DeadLetter, other: DeadLetter): number {
  return one.origin.partition - other.origin.partition || one.origin.offset - other.origin.offset;
}
