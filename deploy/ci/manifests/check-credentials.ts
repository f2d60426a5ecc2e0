import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ManifestContext } from './manifest-context.ts';
import { runTool } from './run-tool.ts';

const fileBytesMax = 2 * 1024 * 1024;

/** The shapes of credentials. None of these patterns matches itself. */
const shapes: readonly (readonly [string, RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/],
  ['a key of AWS', /\bA(?:KI|SI)A[0-9A-Z]{16}\b/],
  ['a token of GitHub', /\bgh[pousr]_[A-Za-z0-9]{36,}\b/],
  ['a token of Slack', /\bxox[abprs]-[A-Za-z0-9-]{20,}\b/],
  ['a JSON Web Token', /\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}/],
  ["a robot's secret", /\bwhsec_[A-Za-z0-9+/]{32,}={0,2}/],
  ['a password in a URL', /\b[a-z][a-z0-9+]+:\/\/[^\s:/@$'"`{<]+:[^\s:/@$'"`{<]{6,}@[\w.-]+/],
  [
    'a secret with its value',
    /\b(?:WEBHOOK_MASTER_KEY|\w*(?:API_TOKEN|PASSWORD|SECRET_ACCESS_KEY|RPC_SECRET))['"]?\s*[=:]\s*['"]?[A-Za-z0-9+/]{24,}={0,2}\b/,
  ],
];

/** Files that no tree of ours may hold, whatever is in them. */
const forbiddenNames = /(?:^|\/)(?:\.env|secrets?\.(?:env|json)|id_(?:rsa|ed25519|ecdsa)|[^/]+\.(?:pem|key|p12|jks))$/;

/** Looks at every file that Git knows or would take. */
export async function checkCredentials(context: ManifestContext): Promise<readonly string[]> {
  const listed = await runTool('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    directory: context.root,
  });
  if (!listed.ok) return [listed.said];
  const files = listed.stdout.split('\0').filter((file) => file !== '');
  const problems = files.flatMap((file) => {
    const stat = lstatSync(join(context.root, file), { throwIfNoEntry: false });
    if (stat?.isFile() !== true || stat.size > fileBytesMax) return [];
    const text = readFileSync(join(context.root, file), 'utf8');
    return [
      ...(forbiddenNames.test(file) ? [`${file}: a file of this name holds secrets`] : []),
      ...findCredentials(text).map(({ line, what }) => `${file}:${line}: ${what}`),
    ];
  });
  return files.length === 0 ? ['Git lists no files'] : problems;
}

/** Where credentials stand in a text; what they are, never themselves. */
export function findCredentials(text: string): readonly { readonly line: number; readonly what: string }[] {
  return shapes.flatMap(([what, shape]) => {
    const match = shape.exec(text);
    return match === null ? [] : [{ line: text.slice(0, match.index).split('\n').length, what }];
  });
}
