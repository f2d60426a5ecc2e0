import { z } from 'zod';
import { envelopeSchema } from '../event-envelope.ts';

/** The subject of the values of `fleet.events` in a schema registry (Confluent's TopicNameStrategy). */
export const eventSubject = 'fleet.events-value';

type AvroField = Readonly<{ name: string; type: unknown; doc?: string; default?: unknown }>;

export interface AvroRecordSchema {
  readonly type: 'record';
  readonly name: string;
  readonly namespace: string;
  readonly doc: string;
  readonly fields: AvroField[];
}

/**
 * The Avro schema of an event, made from the zod envelope: its attributes as fields, extensions as a map, `data` as JSON
 * text, so that one schema serves every event type and an old reader understands a new one. Whatever is optional there
 * has a default here: a new optional attribute is compatible in both directions.
 */
export function toAvroEventSchema(): AvroRecordSchema {
  const attributes = Object.entries(envelopeSchema.shape).filter(([name]) => name !== 'data');
  return {
    type: 'record',
    name: 'FleetEvent',
    namespace: 'fleet.events',
    doc: 'A CloudEvent of fleet.events',
    fields: [
      ...attributes.map(([name, schema]) => toField(name, schema)),
      {
        name: 'extensions',
        type: { type: 'map', values: ['boolean', 'double', 'string'] },
        doc: 'CloudEvents extension attributes beside those above',
        default: {},
      },
      { name: 'data', type: ['null', 'string'], doc: 'JSON text, fits the schema of the type', default: null },
      { name: 'frame', type: ['null', frameSchema], doc: 'Left out when it can be told from the rest', default: null },
    ],
  };
}

const frameSchema = {
  type: 'record',
  name: 'Frame',
  doc: 'The very text around data, where the sender wrote it in another way than the platform does',
  fields: [
    { name: 'before', type: 'string' },
    { name: 'after', type: 'string' },
  ],
};

function toField(name: string, schema: z.ZodType): AvroField {
  const optional = schema instanceof z.ZodOptional;
  const type = (optional ? schema.unwrap() : schema) instanceof z.ZodNumber ? 'long' : 'string';
  const doc = schema.description === undefined ? {} : { doc: schema.description };
  return optional ? { name, type: ['null', type], ...doc, default: null } : { name, type, ...doc };
}
