// npm run docs: the documents that are printed from the code. The tidy test compares them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderDocs } from './docs/render-docs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
for (const [path, text] of await renderDocs(root)) {
  writeFileSync(join(root, path), text);
  process.stdout.write(`${path}\n`);
}
