/** Where in the log a partition's part of an answer was taken. */
export interface AnswerAsOf {
  readonly partition: number;
  readonly offset: number;
  readonly logTimeMs: number;
}

const robotsBegin = '{"robots":[';
const asOfBegin = '],"asOf":[';
const answerEnd = ']}';

/** One robot of an answer. The state's text is what the model encoded, spliced in as it is. */
export function toRobotText(robotId: string, partition: number, stateText: string): string {
  return `{"robotId":${JSON.stringify(robotId)},"partition":${partition},"state":${stateText}}`;
}

/** The body of `GET /v1/robots/{id}`. */
export function toRobotAnswer(robotId: string, stateText: string, asOf: AnswerAsOf): string {
  const robot = toRobotText(robotId, asOf.partition, stateText);
  return `${robot.slice(0, -1)},"asOf":${toAsOfText(asOf)}}`;
}

export function toAsOfText({ partition, offset, logTimeMs }: AnswerAsOf): string {
  return JSON.stringify({ partition, offset, logTimeMs });
}

/** A part of the body of `GET /v1/robots`, its two lists without their brackets. */
export interface RobotsPart {
  readonly robots: string;
  readonly asOf: string;
}

/** The body of `GET /v1/robots` out of its parts. */
export function joinParts(parts: readonly RobotsPart[]): string {
  const list = (texts: string[]) => texts.filter((text) => text !== '').join(',');
  const robots = list(parts.map((part) => part.robots));
  const asOf = list(parts.map((part) => part.asOf));
  return `${robotsBegin}${robots}${asOfBegin}${asOf}${answerEnd}`;
}

/**
 * Takes another instance's body apart without parsing the states, which must reach the client byte for byte. Sound
 * because `asOf` holds nothing but numbers, so the last `],"asOf":[` is the one between the lists.
 *
 * @returns `undefined` when it isn't such a body
 */
export function splitAnswer(body: string): RobotsPart | undefined {
  const at = body.lastIndexOf(asOfBegin);
  if (!body.startsWith(robotsBegin) || at < 0 || !body.endsWith(answerEnd)) return undefined;
  return { robots: body.slice(robotsBegin.length, at), asOf: body.slice(at + asOfBegin.length, -answerEnd.length) };
}
