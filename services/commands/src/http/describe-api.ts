import { contentTypes } from '@fleetstream/contracts';
import { errorCatalogue, type ErrorCode } from '@fleetstream/kernel';
import { z } from 'zod';
import { type ApiRoute } from './api-route.ts';

type Json = Readonly<Record<string, unknown>>;

const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().describe('A code of docs/errors.md'),
  detail: z.string(),
  hint: z.string(),
  requestId: z.string().optional(),
});

/** What any route may be refused with: before it is reached, or because something failed. */
const everywhere: readonly ErrorCode[] = ['FS_NOT_FOUND', 'FS_INTERNAL'];
const withToken: readonly ErrorCode[] = [
  'FS_TOKEN_INVALID',
  'FS_FORBIDDEN',
  'FS_CALLER_RATE_LIMITED',
  'FS_ACCESS_KEYS_UNAVAILABLE',
];
const withBody: readonly ErrorCode[] = ['FS_BODY_UNREADABLE', 'FS_BODY_TOO_LARGE', 'FS_CONTENT_TYPE_UNSUPPORTED'];

/** The OpenAPI 3.1 document of the routes, made of the schemas that they check with. */
export function describeApi(routes: readonly ApiRoute[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = describeRoute(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fleetstream commands',
      version: '1',
      description: [
        'Commands for robots, and what became of them. 202 says that a request is in the log, and no more: GET says how',
        'it stands. A robot that the token is not for is answered as if there were none. Where there is an',
        'Idempotency-Key, the same key with the same request is the same request.',
      ].join(' '),
    },
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A JSON Web Token with a role and, where it is limited, fleets and sites; or a service token.',
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description: 'Standard Webhooks over "id.timestamp.path and query", by the robot.',
        },
      },
      schemas: { Problem: toSchema(problemSchema, 'output') },
    },
  };
}

function describeRoute(route: ApiRoute): Json {
  const { operationId, summary, access, body, bodyOptional = false } = route;
  return {
    operationId,
    summary,
    'x-access': access,
    security: access === 'robot' ? [{ signature: [] }] : [{ bearer: [] }],
    parameters: [
      ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => describePathParameter(name)),
      ...describeParameters(route.query, 'query'),
      ...describeParameters(route.headers, 'header'),
    ],
    ...(body !== undefined && {
      requestBody: { required: !bodyOptional, content: { [contentTypes.json]: { schema: toSchema(body, 'input') } } },
    }),
    responses: { ...describeAnswers(route), ...describeRefusals(route) },
  };
}

function describePathParameter(name: string): Json {
  const pattern = name === 'robotId' ? '^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$' : '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$';
  return { name, in: 'path', required: true, schema: { type: 'string', pattern } };
}

function describeParameters(schema: z.ZodObject | undefined, place: 'query' | 'header'): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description, ...rest } = toSchema(field as z.ZodType, 'output');
    const required = !(field as z.ZodType).safeParse(undefined).success;
    return { name, in: place, required, schema: rest, ...(description !== undefined && { description }) };
  });
}

function describeAnswers({ answers }: ApiRoute): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, contentType = contentTypes.json }]) => [
      status,
      {
        description,
        ...(schema !== undefined && { content: { [contentType]: { schema: toSchema(schema, 'output') } } }),
        ...(schema === undefined && contentType !== contentTypes.json && { content: { [contentType]: {} } }),
      },
    ]),
  );
}

function describeRefusals({ access, body, refusals }: ApiRoute): Json {
  const codes = new Set([
    ...everywhere,
    ...(access === 'robot' ? [] : withToken),
    ...(body === undefined ? [] : withBody),
    ...refusals,
  ]);
  const byStatus = Map.groupBy(codes, (code) => errorCatalogue[code].httpStatus);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.join(', '),
        content: { [contentTypes.problem]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

/** Inside a document that says its own version, a schema must not name another. */
function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const described = Object.entries(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  return Object.fromEntries(described.filter(([name]) => name !== '$schema'));
}
