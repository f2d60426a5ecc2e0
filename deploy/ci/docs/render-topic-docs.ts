import { topicSpecs } from '@fleetstream/contracts';
import { generatedNote } from './generated-note.ts';

/** `docs/topics.md`, from the specifications that `ensureTopics` is given. */
export function renderTopicDocs(): string {
  const rows = topicSpecs.map(({ name, key, what, config }) => {
    const settings = Object.entries(config).map(([setting, value]) => `\`${setting}=${value}\``);
    return `| \`${name}\` | ${key} | ${what} | ${settings.join(' ')} |`;
  });
  return [
    '# Topics',
    '',
    generatedNote,
    '',
    'All topics have the partition count of `fleet.events`: the partition of an output is the partition of its input.',
    'Records are CloudEvents in structured mode; their only header is `content-type`, and `traceparent` where a robot traces.',
    '',
    '| topic | key | what | configuration |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
