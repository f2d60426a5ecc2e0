import { type ConfigKey, describeConfig } from '@fleetstream/config';
import { generatedNote } from './generated-note.ts';
import { type ServiceSchema } from './service-schemas.ts';

/** `docs/config.md`: every key of every service. */
export function renderConfigDocs(services: readonly ServiceSchema[]): string {
  const sections = services.flatMap(({ service, schema }) => [
    `## ${service}`,
    '',
    '| key | default | what |',
    '|---|---|---|',
    ...describeConfig(schema).map(toRow),
    '',
  ]);
  return [
    '# Configuration',
    '',
    generatedNote,
    '',
    'Services read environment variables, once, at their start. Empty values count as absent. A key with a service’s prefix',
    'that it doesn’t know is an error, so that a typo isn’t silent; all problems are reported at once, and no value is ever',
    'printed. `npm start` sets all of this by itself.',
    '',
    ...sections,
  ].join('\n');
}

/** `.env.example`: the same, to copy. */
export function renderEnvExample(services: readonly ServiceSchema[]): string {
  const seen = new Set<string>();
  const sections = services.map(({ service, schema }) => {
    // A key that several services share is listed with the first.
    const keys = describeConfig(schema).filter(({ key }) => !seen.has(key));
    for (const { key } of keys) seen.add(key);
    return [`# ${service}`, ...keys.flatMap(toExample)].join('\n');
  });
  return [
    '# Written by "npm run docs" from the configuration of each service. Copy to .env and fill in.',
    ...sections,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function toRow({ key, description, defaultText, required, secret }: ConfigKey): string {
  const shown = defaultText === undefined || defaultText === '' ? '' : `\`${defaultText}\``;
  const fallback = required ? '**required**' : shown;
  return `| \`${key}\` | ${fallback} | ${escapeCell(description)}${secret ? ' Secret.' : ''} |`;
}

function toExample({ key, description, defaultText, required, secret }: ConfigKey): string[] {
  const note = `# ${description}${secret ? ' Secret.' : ''}${required ? ' Required.' : ''}`;
  // What has a default stays a comment: a copied file pins nothing by accident.
  return [note, required ? `${key}=` : `# ${key}=${defaultText ?? ''}`];
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
