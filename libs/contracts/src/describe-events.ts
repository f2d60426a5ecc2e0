import { z } from 'zod';
import { dialectTypes } from './dialects/map-dialect.ts';
import { envelopeSchema } from './event-envelope.ts';
import {
  fleetEventSchemas,
  insightEventSchemas,
  outputEventSchemas,
  robotEventSchemas,
  rolloutEventSchemas,
} from './events/index.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';

export interface EventDescription {
  readonly type: string;
  readonly sender: 'robot' | 'platform' | 'model' | 'insights' | 'commands';
  readonly what: string;
  readonly fields: readonly EventField[];
}

export interface EventField {
  /** As in `battery.percent`, `errors[].type` or `metrics.<name>.value`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly what: string;
}

/** Every event type with the fields of its `data`, as its schema says. */
export function describeEvents(): readonly EventDescription[] {
  return [
    ...describeAll(robotEventSchemas, 'robot'),
    ...describeAll(fleetEventSchemas, 'platform'),
    ...describeAll(outputEventSchemas, 'model'),
    ...describeAll(insightEventSchemas, 'insights'),
    ...describeAll(rolloutEventSchemas, 'commands'),
  ];
}

/** `docs/events.md`, whole: the envelope, then each type with its fields. */
export function renderEventDocs(): string {
  const envelope = describeFields(toJsonSchema(envelopeSchema));
  return [
    '# Events',
    'Written from the schemas in `libs/contracts` by `npm run docs`; change those, not this page.',
    '## The envelope',
    'Every event is a CloudEvents 1.0 event in structured JSON. A robot may leave out `specversion`, `id` and ' +
      '`source`; they are filled in. Other attributes must be CloudEvents extensions (lower-case letters and ' +
      'digits; a text, a number or a boolean) and are kept in the log.',
    renderFields(envelope),
    'Keys of `data` that a schema does not list are kept in the log as sent and ignored by the robot model. ' +
      'A sequence is used only together with a `bootid`; without both, duplicates are found by `id`.',
    ...renderGroup('From robots', 'robot'),
    '### Dialects',
    `A robot that speaks VDA 5050 or MassRobotics posts its message as it is (see [dialects](dialects.md)), or as the \`data\` ` +
      `of ${dialectTypes.map(code).join(', ')}. It becomes \`robot.state.v1\` with the message in \`raw\`, what ` +
      'departs from the standard in `deviations`, and a score of it in `conformance`.',
    ...renderGroup('From the platform', 'platform'),
    ...renderGroup('From the robot model', 'model'),
    ...renderGroup('From the insights service', 'insights'),
    ...renderGroup('From the commands service', 'commands'),
    '',
  ].join('\n\n');
}

function renderGroup(title: string, sender: EventDescription['sender']): string[] {
  const events = describeEvents().filter((event) => event.sender === sender);
  return [
    `## ${title}`,
    ...events.flatMap(({ type, what, fields }) => [`### ${code(type)}`, what, renderFields(fields)]),
  ];
}

function renderFields(fields: readonly EventField[]): string {
  const rows = fields.map(({ path, type, required, what }) =>
    [code(path), type, required ? 'yes' : '', what].map((cell) => cell.replaceAll('|', '\\|')).join(' | '),
  );
  return ['| field | type | required | what |', '|---|---|---|---|', ...rows.map((row) => `| ${row} |`)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function describeAll(
  schemas: Readonly<Record<string, z.ZodType>>,
  sender: EventDescription['sender'],
): readonly EventDescription[] {
  return Object.entries(schemas).map(([type, schema]) => {
    const json = toJsonSchema(schema);
    return { type, sender, what: textOf(json['description']), fields: describeFields(json) };
  });
}

function toJsonSchema(schema: z.ZodType): JsonObject {
  return z.toJSONSchema(schema, { io: 'input' });
}

function describeFields(schema: JsonObject, prefix = ''): EventField[] {
  const properties = objectOf(schema['properties']);
  const required = listOf(schema['required']);
  return Object.entries(properties).flatMap(([name, value]) => {
    const field = objectOf(value);
    const path = `${prefix}${name}`;
    const own = { path, type: typeOf(field), required: required.includes(name), what: textOf(field['description']) };
    return [own, ...describeInside(field, path)];
  });
}

function describeInside(field: JsonObject, path: string): EventField[] {
  if (field['type'] === 'array') return describeInside(objectOf(field['items']), `${path}[]`);
  if (field['properties'] !== undefined) return describeFields(field, `${path}.`);
  const values = objectOf(field['additionalProperties']);
  return values['properties'] === undefined ? [] : describeFields(values, `${path}.<name>.`);
}

function typeOf(field: JsonObject): string {
  if (field['const'] !== undefined) return code(textOf(field['const']));
  if (field['enum'] !== undefined)
    return listOf(field['enum'])
      .map((one) => code(textOf(one)))
      .join(' ');
  if (field['type'] === 'array') {
    const max = field['maxItems'];
    return `list${typeof max === 'number' ? ` of at most ${max}` : ''}: ${typeOf(objectOf(field['items']))}`;
  }
  if (field['type'] === 'string') {
    const max = field['maxLength'];
    return typeof max === 'number' ? `text, at most ${max}` : 'text';
  }
  return textOf(field['type']) || 'anything';
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
