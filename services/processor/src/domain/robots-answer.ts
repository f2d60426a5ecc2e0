/** Where in the log a partition's part of an answer was taken. */
export interface AnswerAsOf {
  readonly partition: number;
  readonly offset: number;
  readonly logTimeMs: number;
}

/** One robot of an answer. The state's text is what the model encoded, spliced in as it is. */
export function toRobotText(robotId: string, partition: number, stateText: string): string {
  return `{"robotId":${JSON.stringify(robotId)},"partition":${partition},"state":${stateText}}`;
}

/** The body of `GET /v1/robots/{id}`. */
export function toRobotAnswer(robotId: string, stateText: string, asOf: AnswerAsOf): string {
  const robot = toRobotText(robotId, asOf.partition, stateText);
  return `${robot.slice(0, -1)},"asOf":${toAsOfText(asOf)}}`;
}

function toAsOfText({ partition, offset, logTimeMs }: AnswerAsOf): string {
  return JSON.stringify({ partition, offset, logTimeMs });
}

/** One partition's share of a page, its states as texts. */
export interface PagePart {
  /** In the order of their ids. */
  readonly robots: readonly { readonly robotId: string; readonly text: string }[];
  readonly asOf: AnswerAsOf;
  /** Whether the partition has more that fit, after the last. */
  readonly hasMore: boolean;
}

/** A page of all partitions: its body, and after which robot the next one begins. */
export interface RobotPage {
  readonly robots: readonly { readonly robotId: string; readonly text: string }[];
  readonly asOf: readonly AnswerAsOf[];
  readonly lastRobotId: string | undefined;
}

/**
 * The first `limit` robots of all parts in the order of their ids. A part that was cut off ends the page at its last
 * robot when the others reach further: what comes after it there isn't known yet.
 */
export function mergePage(parts: readonly PagePart[], limit: number): RobotPage {
  const ends = parts.flatMap(({ hasMore, robots }) => (hasMore ? [robots.at(-1)?.robotId ?? ''] : []));
  const end = ends.sort()[0];
  const known = parts
    .flatMap(({ robots }) => robots)
    .filter(({ robotId }) => end === undefined || robotId <= end)
    .sort((a, b) => (a.robotId < b.robotId ? -1 : 1));
  const robots = known.slice(0, limit);
  const goesOn = end !== undefined || known.length > limit;
  return { robots, asOf: parts.map(({ asOf }) => asOf), lastRobotId: goesOn ? robots.at(-1)?.robotId : undefined };
}

/** The body of a page of `GET /v1/robots`. */
export function toPageAnswer({ robots, asOf }: Omit<RobotPage, 'lastRobotId'>, next: string | undefined): string {
  const end = next === undefined ? '' : `,"next":${JSON.stringify(next)}`;
  return `${allBegin}${robots.map(({ text }) => text).join(',')}${asOfBegin}${asOf.map(toAsOfText).join(',')}]${end}}`;
}

/** The beginning and the end of the body that lists all robots; between them their texts, with commas. */
export const allBegin = '{"robots":[';
const asOfBegin = '],"asOf":[';

export function toAllEnd(asOf: readonly AnswerAsOf[]): string {
  return `${asOfBegin}${asOf.map(toAsOfText).join(',')}]}`;
}

/**
 * Takes another instance's body apart without parsing the states, which must reach the client byte for byte. Sound
 * because `asOf` holds nothing but numbers, so the last `],"asOf":[` is the one between the lists.
 *
 * @returns the robots' texts with their commas; `undefined` when it isn't such a body
 */
export function splitAll(body: string): { readonly robots: string; readonly asOf: AnswerAsOf[] } | undefined {
  const at = body.lastIndexOf(asOfBegin);
  if (!body.startsWith(allBegin) || at < 0 || !body.endsWith(']}')) return undefined;
  const asOf = JSON.parse(`[${body.slice(at + asOfBegin.length, -2)}]`) as AnswerAsOf[];
  return { robots: body.slice(allBegin.length, at), asOf };
}
