import {
  contentTypes,
  dialectTypes,
  robotEventSchemas,
  type RobotEventType,
  toEventJsonSchema,
} from '@fleetstream/contracts';
import { errorCatalogue, type ErrorSpec } from '@fleetstream/kernel';
import { z } from 'zod';

/** Limits of a pod that a sender should know. */
export interface DescribedLimits {
  readonly maxBodyBytes: number;
  readonly maxEventBytes: number;
  readonly maxBatchEvents: number;
  readonly maxJsonDepth: number;
  readonly maxTextBytes: number;
}

type Json = Readonly<Record<string, unknown>>;

const resultSchema = z.object({
  id: z.string(),
  result: z.enum(['accepted', 'duplicate', 'rejected', 'retry']),
  code: z.string().optional().describe('Why, a code of docs/errors.md'),
  detail: z.string().optional(),
});
const hintsShape = {
  folded: z
    .array(
      z.object({
        bootid: z.string(),
        from: z.int(),
        ackedThrough: z.int(),
        missing: z.array(z.array(z.int()).length(2)),
      }),
    )
    .optional()
    .describe('Of the boots that the events name: what is in the state, but for the holes'),
  reportEveryMs: z.int().optional().describe('Report no more often than this, urgent events apart'),
  clockOffsetMs: z
    .int()
    .optional()
    .describe(
      "Our clock less that of the signature, where they are 5 s apart or more; the sender's is not refused for it",
    ),
  commands: z
    .array(z.looseObject({}))
    .optional()
    .describe('To a robot that prefers them: what a poll would have given, handed over by this answer'),
  orders: z.array(z.looseObject({})).optional().describe('The same as VDA 5050, where the robot accepts or has that'),
  instantActions: z.array(z.looseObject({})).optional().describe('See orders'),
  commandsDue: z
    .boolean()
    .optional()
    .describe('To a robot that prefers commands: some are due and not in this answer; poll for them'),
};
const answerSchema = z.object({ results: z.array(resultSchema).describe('One per event, in order'), ...hintsShape });
const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  hint: z.string(),
  requestId: z.string().optional(),
  results: z.array(resultSchema).optional(),
  ...hintsShape,
});

const robotTypes = Object.keys(robotEventSchemas) as RobotEventType[];

/** The JSON Schemas of `/schemas/{type}`, by type. */
export function describeSchemas(): ReadonlyMap<string, Json> {
  return new Map<string, Json>([
    ...robotTypes.map((type) => [type, toEventJsonSchema(type)] as const),
    ...dialectTypes.map((type) => [type, toDialectSchema(type)] as const),
  ]);
}

/** Nothing is required: what can be read of a message is read. */
function toDialectSchema(type: string): Json {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `/schemas/${type}`,
    title: type,
    description: 'A message of this dialect as its own standard says it; what departs from it is scored, not refused.',
    type: 'object',
  };
}

/** The OpenAPI 3.1 document of a pod, made of the schemas that it checks with. */
export function describeApi(limits: DescribedLimits): Json {
  const robotId = parameter('robotId', 'path', 'The robot that signs, and the source of its events');
  const fleetId = parameter('fleetId', 'path', 'The fleet whose site server signs');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fleetstream ingest',
      version: '1',
      description: [
        'Robots and site servers post events here, signed by Standard Webhooks (v1 or v1a) over the bytes as sent.',
        `Limits: ${limits.maxBodyBytes} bytes a body, ${limits.maxBatchEvents} events, ${limits.maxEventBytes} bytes an`,
        `event, ${limits.maxJsonDepth} levels, ${limits.maxTextBytes} bytes a text. Bodies may be gzip.`,
      ].join(' '),
    },
    paths: {
      '/v1/robots/{robotId}/events': { parameters: [robotId], post: postEvents('postRobotEvents', "A robot's events") },
      '/v1/fleets/{fleetId}/events': {
        parameters: [fleetId],
        post: postEvents('postFleetEvents', "Events of a fleet's robots, each with its source"),
      },
      ...Object.fromEntries(
        dialectPaths.map(([path, type, summary]) => [
          `/v1/robots/{robotId}/${path}`,
          { parameters: [robotId], post: postMessages(path, type, summary) },
        ]),
      ),
      '/openapi.json': { get: document('getApi', 'This document') },
      '/schemas/{type}': {
        parameters: [
          { ...parameter('type', 'path', 'An event type'), schema: { enum: [...describeSchemas().keys()] } },
        ],
        get: document('getSchema', 'The JSON Schema of an event type'),
      },
    },
    components: {
      securitySchemes: {
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description:
            'Standard Webhooks: v1,<HMAC-SHA256> or v1a,<ed25519> over "id.timestamp.body", several by blanks.',
        },
      },
      schemas: {
        ...Object.fromEntries(robotTypes.map((type) => [type, withoutIds(toEventJsonSchema(type))])),
        Event: { oneOf: robotTypes.map((type) => ({ $ref: `#/components/schemas/${type}` })) },
        Answer: plain(answerSchema),
        Problem: plain(problemSchema),
      },
    },
  };
}

const dialectPaths = [
  ['vda5050/state', 'vda5050.state.v2', 'A VDA 5050 state of any 2.x or 3.x, as it is'],
  ['vda5050/connection', 'vda5050.connection.v2', 'A VDA 5050 connection message, as it is'],
  ['massrobotics/status', 'massrobotics.status.v1', 'A MassRobotics status report, as it is'],
] as const;

function postEvents(operationId: string, summary: string): Json {
  const event = { $ref: '#/components/schemas/Event' };
  const events = { type: 'array', minItems: 1, items: event };
  return operation(operationId, summary, {
    [contentTypes.cloudEvent]: { schema: event },
    [contentTypes.cloudEventBatch]: { schema: events },
    [contentTypes.json]: { schema: { oneOf: [event, events] } },
  });
}

function postMessages(path: string, type: string, summary: string): Json {
  const schema = { title: type, type: 'object' };
  return operation(`post-${path.replace('/', '-')}`, summary, { [contentTypes.json]: { schema } });
}

function operation(operationId: string, summary: string, content: Json): Json {
  return {
    operationId,
    summary,
    security: [{ signature: [] }],
    parameters: [
      { ...parameter('webhook-id', 'header', 'Of the request; the same when it is sent again'), schema: headerId },
      { ...parameter('webhook-timestamp', 'header', 'Seconds since the epoch'), schema: headerTimestamp },
      {
        ...parameter('prefer', 'header', '`commands` (RFC 7240): a robot would have its commands in the answer'),
        required: false,
        schema: headerPrefer,
      },
    ],
    requestBody: { required: true, content },
    responses: {
      '202': {
        description: 'At least one event is in the log, now or from before.',
        headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'When a result is retry' } },
        content: { [contentTypes.json]: { schema: { $ref: '#/components/schemas/Answer' } } },
      },
      ...problemResponses([400, 401, 408, 413, 415, 422, 429, 503]),
    },
  };
}

const headerId = { type: 'string', pattern: '^[A-Za-z0-9_.:~-]{1,120}$' };
const headerPrefer = { type: 'string', pattern: '^[ -~]{1,200}$' };
const headerTimestamp = { type: 'string', pattern: '^[0-9]{1,12}$' };

function document(operationId: string, summary: string): Json {
  return {
    operationId,
    summary,
    responses: {
      '200': { description: summary, content: { [contentTypes.json]: { schema: { type: 'object' } } } },
      ...problemResponses([404, 405]),
    },
  };
}

function problemResponses(statuses: readonly number[]): Json {
  const codes: [string, ErrorSpec][] = Object.entries(errorCatalogue);
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: codes
          .filter(([, spec]) => spec.httpStatus === status)
          .map(([code]) => code)
          .join(', '),
        content: { [contentTypes.problem]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function parameter(name: string, place: 'path' | 'header', description: string): Json {
  return {
    name,
    in: place,
    required: true,
    description,
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$' },
  };
}

function plain(schema: z.ZodType): Json {
  return withoutIds({ ...z.toJSONSchema(schema) });
}

/** Inside a document that has an identity of its own, these would change what references mean. */
function withoutIds(schema: Json): Json {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '$id'));
}
