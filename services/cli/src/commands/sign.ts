import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { failUsage } from '../cli-failure.ts';
import { type Command } from '../command.ts';
import { parseFlags, sharedFlags, toKeyVersion, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';
import { readContent } from '../read-content.ts';
import { signBody } from '../sign-body.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  body: text,
  id: text,
  timestamp: text,
  secret: text,
  'key-version': text,
  out: text,
  curl: { type: 'boolean' },
} as const;

export const signCommand: Command = {
  name: 'sign',
  summary: 'print the signature headers of a request body',
  help: `fleetstream sign <robotId> --body FILE|- [flags]

Prints webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks), one header a line, as curl reads them from
a file with -H @FILE. The signature holds for exactly these bytes and for a few minutes: send them with --data-binary.

  --body FILE|-       the bytes to sign; - is standard input
  --secret whsec_…    the robot's secret; "env" takes FLEETSTREAM_ROBOT_SECRET, which other users can't see
                      (default: that variable, else derived from the local master key)
  --key-version N     version of the derived key (1)
  --id TEXT           the message's id; repeat it when the same request is sent again (a fresh one)
  --timestamp N       seconds since the epoch (now)
  --out FILE          write the headers to a file instead
  --curl              print them as arguments of curl
  --json              print them as a JSON object

  npx fleetstream sign picker-7 --body event.json > headers.txt`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const robotId = toRobotId(positionals);
    if (values.body === undefined) failUsage('Which bytes? Give --body FILE, or --body - for standard input.');
    const { id, timestamp } = values;
    if (timestamp !== undefined && !/^\d{1,12}$/.test(timestamp)) {
      failUsage(`--timestamp: whole seconds since the epoch, not "${timestamp}"`);
    }
    if (id !== undefined && !/^[!-~]{1,128}$/.test(id)) failUsage('--id: 1 to 128 printable characters without blanks');
    const secret = new PlatformAccess(world).findSecret(robotId, values.secret, toKeyVersion(values['key-version']));
    const headers = signBody({ secret, body: await readContent(world, values.body), id, timestamp });
    const lines = toLines(headers, values);
    if (values.out === undefined) for (const line of lines) world.out(line);
    else writeFileSync(resolve(world.folder, values.out), `${lines.join('\n')}\n`, { mode: 0o600 });
  },
};

function toLines(
  headers: Readonly<Record<string, string>>,
  form: { readonly json?: boolean | undefined; readonly curl?: boolean | undefined },
): string[] {
  if (form.json === true) return [JSON.stringify(headers)];
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  // None of the three can hold a quote, so quoting for a shell is this simple.
  return form.curl === true ? [lines.map((line) => `-H '${line}'`).join(' ')] : lines;
}
