import { z } from 'zod';
import { envelopeSchema } from './event-envelope.ts';
import { robotEventSchemas, type RobotEventType } from './events/index.ts';
import { type JsonObject } from './json-object.ts';

/**
 * The JSON Schema (2020-12) of an event as a robot may send it. Looser than the envelope of the log: `specversion`, `id`
 * and `source` may be left out, attributes may be `null`, a sequence may come as digits.
 */
export function toEventJsonSchema(type: RobotEventType): JsonObject {
  const data = robotEventSchemas[type];
  const attributes: JsonObject = {};
  for (const [name, schema] of Object.entries(envelopeSchema.shape)) {
    const given = toPlainSchema(schema);
    attributes[name] = { anyOf: [given, { type: 'null' }] };
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `/schemas/${type}`,
    title: type,
    ...toPlainDescription(data),
    type: 'object',
    required: ['type', 'data'],
    properties: {
      ...attributes,
      sequence: {
        description: 'Counts up by one over all events of one bootid; as a number, or as its digits',
        anyOf: [
          { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
          { type: 'string', pattern: '^[0-9]{1,16}$' },
          { type: 'null' },
        ],
      },
      type: { const: type },
      data: toPlainSchema(data),
    },
    // CloudEvents extensions.
    patternProperties: { '^[a-z0-9]{1,32}$': {} },
    additionalProperties: false,
  };
}

function toPlainSchema(schema: z.ZodType): JsonObject {
  const json: JsonObject = { ...z.toJSONSchema(schema, { io: 'input' }) };
  delete json['$schema'];
  return json;
}

function toPlainDescription(schema: z.ZodType): JsonObject {
  return schema.description === undefined ? {} : { description: schema.description };
}
