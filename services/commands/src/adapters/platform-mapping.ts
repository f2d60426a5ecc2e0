import { AppError, toMessage } from '@fleetstream/kernel';
import { compile, type JSONValue } from 'json-p3';
import { z } from 'zod';
import { type PlatformRobot, type RobotField, robotFields, robotIdSchema } from '../domain/platform-robot.ts';

const pathSchema = z.string().startsWith('$').max(256);

/** Where a page of the Robot Platform says what: JSONPath (RFC 9535). */
export const mappingSchema = z
  .strictObject({
    robots: pathSchema.default('$.robots[*]'),
    next: pathSchema.default('$.nextCursor'),
    total: pathSchema.optional(),
    id: pathSchema.default('$.id'),
    name: pathSchema.default('$.name'),
    fleet: pathSchema.default('$.fleet'),
    site: pathSchema.default('$.site'),
    model: pathSchema.default('$.model'),
    tags: pathSchema.default('$.tags[*]'),
    callbackUrl: pathSchema.default('$.callbackUrl'),
    commandEncoding: pathSchema.default('$.commandEncoding'),
  })
  .superRefine((mapping, context) => {
    for (const [name, path] of Object.entries(mapping)) {
      const problem = findPathProblem(path);
      if (problem !== undefined) context.addIssue({ code: 'custom', path: [name], message: problem });
    }
  });

export type PlatformMapping = z.infer<typeof mappingSchema>;

export interface MappedPage {
  readonly robots: readonly PlatformRobot[];
  /** Entries, robots or not. */
  readonly entries: number;
  /** Entries that are no robot, for want of an id. */
  readonly unreadable: number;
  /** Fields of robots that were left out because they don't fit. */
  readonly fieldsLeftOut: number;
  readonly next: string | undefined;
  /** How many robots the whole list has, where it says so. */
  readonly total: number | undefined;
}

const entriesPerPageMax = 10_000;

/**
 * Reads pages by their mapping. The queries are compiled once and no text of a page is ever run.
 *
 * @throws AppError FS_PLATFORM_UNAVAILABLE when a page has no list where the mapping says, or one that is too long
 */
export function createPageReader(mapping: PlatformMapping): (page: unknown) => MappedPage {
  const { robots: robotsPath, next, total, id, tags, ...texts } = mapping;
  const readEntries = compileQuery(robotsPath, entriesPerPageMax + 1);
  const listOf = robotsPath.endsWith('[*]') ? compileQuery(robotsPath.slice(0, -'[*]'.length), 1) : undefined;
  const readNext = compileQuery(next, 1);
  const readTotal = total === undefined ? undefined : compileQuery(total, 1);
  const readId = compileQuery(id, 1);
  const readTags = compileQuery(tags, 33);
  const readFields = Object.entries(texts).map(
    ([field, path]) => [field as RobotField, compileQuery(path, 1)] as const,
  );
  return (page) => {
    // An error document has no list at all, which must not be taken for an empty one.
    if (listOf !== undefined && !isList(listOf(page)[0])) throw unfit(`has no list at ${robotsPath}`);
    const entries = readEntries(page);
    if (entries.length > entriesPerPageMax) throw unfit(`lists more than ${entriesPerPageMax} robots`);
    const read = { robots: [] as PlatformRobot[], unreadable: 0, fieldsLeftOut: 0 };
    for (const entry of entries) {
      const robotId = robotIdSchema.safeParse(toText(readId(entry)[0]));
      if (!robotId.success) {
        read.unreadable += 1;
        continue;
      }
      const tagsFound = readTags(entry);
      const given: [RobotField, unknown][] = readFields.map(([field, query]) => [field, toText(query(entry)[0])]);
      given.push(['tags', tagsFound.length === 0 ? undefined : tagsFound]);
      const { fields, leftOut } = readKnown(given);
      read.robots.push({ id: robotId.data, ...fields });
      read.fieldsLeftOut += leftOut;
    }
    const [totalFound] = readTotal?.(page) ?? [];
    return {
      ...read,
      entries: entries.length,
      next: toText(readNext(page)[0]),
      total: typeof totalFound === 'number' ? totalFound : undefined,
    };
  };
}

function readKnown(given: readonly (readonly [RobotField, unknown])[]): { fields: object; leftOut: number } {
  const fields: Partial<Record<RobotField, unknown>> = {};
  let leftOut = 0;
  for (const [field, value] of given) {
    if (value === undefined || value === null || value === '') continue;
    const parsed = robotFields[field].safeParse(value);
    if (parsed.success) fields[field] = parsed.data;
    else leftOut += 1;
  }
  return { fields, leftOut };
}

type Query = (value: unknown) => readonly unknown[];

/** `$`, then plain member names: what most paths are, without the cost of a query for each robot and field. */
const plainPath = /^\$(?:\.[A-Za-z_]\w*)*$/;

function compileQuery(path: string, valuesMax: number): Query {
  if (plainPath.test(path)) {
    const names = path.split('.').slice(1);
    return (value) => {
      const found = names.reduce<unknown>(
        (at, name) => (isMap(at) && Object.hasOwn(at, name) ? at[name] : undefined),
        value,
      );
      return found === undefined ? [] : [found];
    };
  }
  const query = compile(path);
  return (value) => {
    const found: unknown[] = [];
    if (typeof value !== 'object' || value === null) return found;
    for (const node of query.lazyQuery(value as JSONValue)) {
      if (found.push(node.value) >= valuesMax) break;
    }
    return found;
  };
}

function findPathProblem(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    compile(path);
    return undefined;
  } catch (thrown) {
    return `no JSONPath (RFC 9535): ${toMessage(thrown)}`;
  }
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Numbers are ids and cursors too. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function unfit(what: string): AppError {
  return new AppError('FS_PLATFORM_UNAVAILABLE', `A page of the Robot Platform ${what}.`);
}
