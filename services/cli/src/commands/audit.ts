import { failUsage } from '../cli-failure.ts';
import { type Command } from '../command.ts';
import { type AuditEntry, toAuditTable } from '../domain/audit-table.ts';
import { gatewayFlags, parseFlags, sharedFlags, toRobotId } from '../parse-flags.ts';
import { createCommandService } from './command-service.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  ...{ robot: text, by: text, act: text, from: text, to: text, limit: text },
} as const;

export const auditCommand: Command = {
  name: 'audit',
  summary: 'who did what, when and why',
  help: `fleetstream audit [flags]

Who asked for which command, stopped, cancelled, approved or declined, and why, from the log: the oldest first.

  --robot ID                 only of this robot
  --by NAME                  only of this person or program
  --act NAME                 only acts of this kind
  --from TIME, --to TIME     2026-01-31T12:00:00Z (the last day)
  --limit N                  at most so many (100)
  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     print the answer as it came

The token is FLEETSTREAM_COMMANDS_TOKEN, else that of the local state directory.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    if (positionals.length > 0) failUsage(`"${positionals.join(' ')}" is too much; a robot is named by --robot`);
    const query = new URLSearchParams();
    if (values.robot !== undefined) query.set('robotId', toRobotId([values.robot]));
    for (const name of ['by', 'act', 'from', 'to', 'limit'] as const) {
      const value = values[name];
      if (value !== undefined) query.set(name, value);
    }
    const path = query.size === 0 ? '/v1/audit' : `/v1/audit?${query.toString()}`;
    const { text: answer, body } = await createCommandService(world, values).ask({ method: 'GET', path });
    if (values.json === true) {
      world.out(answer);
      return;
    }
    const { entries = [], next } = body as { readonly entries?: readonly AuditEntry[]; readonly next?: string };
    for (const line of toAuditTable(entries)) world.out(line);
    if (next !== undefined) world.note('There are more: choose more narrowly, or a higher --limit.');
  },
};
