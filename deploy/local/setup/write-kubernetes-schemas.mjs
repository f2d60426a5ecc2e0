import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const refPrefix = '#/definitions/';
const metadataDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/**
 * Writes one JSON Schema per kind, as kubeconform looks it up: `<kind>-<first part of the group>-<version>.json`, in
 * small letters. Strict: a field that the API doesn't know is an error, as is a null.
 */
export function writeKubernetesSchemas({ openApiFile, crdDir, directory }) {
  const { definitions } = JSON.parse(readFileSync(openApiFile, 'utf8'));
  const inline = createInliner(definitions);
  for (const definition of Object.values(definitions)) {
    const kinds = definition['x-kubernetes-group-version-kind'] ?? [];
    // Definitions of several kinds are what an API call takes or answers (DeleteOptions, Status, WatchEvent).
    if (kinds.length !== 1 || kinds[0].kind.endsWith('List')) continue;
    writeKind(directory, kinds[0], inline(definition, []));
  }
  const metadata = inline(definitions[metadataDefinition], []);
  const documents = readdirSync(crdDir).flatMap((name) => parseAllDocuments(readFileSync(join(crdDir, name), 'utf8')));
  for (const { kind, spec } of documents.map((document) => document.toJS() ?? {})) {
    if (kind !== 'CustomResourceDefinition') continue;
    for (const { name: version, schema } of spec.versions) {
      const closed = close(schema.openAPIV3Schema);
      const properties = { ...closed.properties, metadata };
      writeKind(directory, { group: spec.group, version, kind: spec.names.kind }, { ...closed, properties });
    }
  }
}

function writeKind(directory, { group, version, kind }, schema) {
  const suffix = [group.split('.')[0], version].filter((part) => part !== '').join('-');
  const properties = {
    ...schema.properties,
    apiVersion: { const: group === '' ? version : `${group}/${version}` },
    kind: { const: kind },
  };
  const required = [...new Set([...(schema.required ?? []), 'apiVersion', 'kind', 'metadata'])];
  const whole = { $schema: 'http://json-schema.org/draft-07/schema#', ...schema, properties, required };
  writeFileSync(join(directory, `${kind.toLowerCase()}-${suffix}.json`.toLowerCase()), JSON.stringify(whole));
}

/** References are replaced by what they name; where a definition contains itself, the inner one may be anything. */
function createInliner(definitions) {
  const inline = (schema, above) => {
    if (schema.$ref !== undefined) {
      const name = schema.$ref.slice(refPrefix.length);
      return above.includes(name) ? {} : inline(definitions[name], [...above, name]);
    }
    if (schema.format === 'int-or-string') return { type: ['integer', 'string'] };
    if (schema.description?.startsWith('Quantity is a fixed-point')) return { type: ['number', 'string'] };
    return close(schema, (inner) => inline(inner, above));
  };
  return inline;
}

/** An object with named fields has no others; descriptions are left out, they are most of the bytes. */
function close(schema, convert = (inner) => close(inner)) {
  if (typeof schema !== 'object') return schema;
  if (schema['x-kubernetes-int-or-string']) return { type: ['integer', 'string'] };
  const { additionalProperties, properties, items, ...rest } = schema;
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([key]) => key !== 'description' && !key.startsWith('x-')),
  );
  const isClosed = properties !== undefined && !schema['x-kubernetes-preserve-unknown-fields'];
  return {
    ...kept,
    ...(properties === undefined ? {} : { properties: mapValues(properties, convert) }),
    ...(items === undefined ? {} : { items: convert(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: convert(additionalProperties) } : {}),
    ...(isClosed && additionalProperties === undefined ? { additionalProperties: false } : {}),
  };
}

function mapValues(object, convert) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, convert(value)]));
}
