import { errorCatalogue, type ErrorSpec } from '@fleetstream/kernel';
import { generatedNote } from './generated-note.ts';

/** `docs/errors.md`, from the one catalogue. */
export function renderErrorDocs(): string {
  const rows = Object.entries<ErrorSpec>(errorCatalogue).map(
    ([code, { httpStatus, disposition, title, hint }]) =>
      `| \`${code}\` | ${httpStatus} | ${disposition} | ${title}. | ${hint} |`,
  );
  return [
    '# Error codes',
    '',
    generatedNote,
    '',
    'One code per thing that goes wrong, the same in problem documents (RFC 9457), in results per event, in logs, in metrics',
    'and in the headers of dead letters. What becomes of the event or the process: `reject`, the sender must change it;',
    '`retry`, the same bytes may succeed later; `deadLetter`, it is in the log already and goes to `fleet.dlq`; `fatal`, the',
    'process can’t go on.',
    '',
    '| code | HTTP | disposition | what | what to do |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
