import {
  deriveSignerSecret,
  everybody,
  type KeyEntry,
  parseKeyEntry,
  parsePublicKeyText,
  toEntryName,
  toSecretText,
} from '@fleetstream/signing';
import { type KeyTable, openKeyTable } from '../adapters/key-table.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { allow, findConflicts, renderKeyEntry, revoke, rotate, versionsInForce } from '../domain/key-changes.ts';
import { parseFlags, sharedFlags, toDurationMs, toKeyVersion, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  robot: text,
  fleet: text,
  all: { type: 'boolean' },
  to: text,
  overlap: text,
  configured: text,
  version: text,
  'public-key': text,
  robots: text,
  'key-version': text,
  redis: text,
} as const;

type Flags = ReturnType<typeof parseFlags<typeof flags>>['values'];

export const keysCommand: Command = {
  name: 'keys',
  summary: 'rotate and revoke what robots and fleets sign with',
  help: `fleetstream keys rotate (--all | --robot ID | --fleet ID) --to N [--overlap TIME] [--configured N,N]
fleetstream keys revoke (--robot ID | --fleet ID | --all) [--version N]
fleetstream keys allow  (--robot ID | --fleet ID | --all) [--version N]
fleetstream keys register (--robot ID | --fleet ID) --public-key whpk_…
fleetstream keys grant --fleet ID --robots ID,PREFIX*
fleetstream keys secret --fleet ID [--key-version N]
fleetstream keys list

rotate: version N is accepted from now on, what was in force until the overlap (24h) ends: give robots their new secrets
  meanwhile ("fleetstream enroll ID --key-version N --no-log" prints one). --configured says what pods are configured
  with (1), for a first rotation.
revoke: one version, or without --version everything that the signer has. Pods follow within a second.
allow: takes a revocation back.
register: an ed25519 key whose private half the signer holds; two at once, the older goes.
grant: robots that a fleet's site server may send for, instead of those it had; a robot has one fleet. "none" for none.
secret: prints a fleet's secret, alone, on standard output.

  --redis URL   (default: what "npm start" wrote down)
  --json        print the entry, or all of them, as JSON`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const [action, ...rest] = positionals;
    if (rest.length > 0) failUsage(`keys ${action ?? ''}: "${rest.join(' ')}" is no flag`);
    if (action === 'secret') {
      printSecret(values, world);
      return;
    }
    const change = action === 'list' ? undefined : toChange(action, values);
    const table = await openKeyTable(new PlatformAccess(world).findRedis(values));
    try {
      if (change === undefined) await list(table, values, world);
      else await applyChange(table, toName(values), change, values, world);
    } finally {
      table.close();
    }
  },
};

type Change = (entry: KeyEntry, entries: ReadonlyMap<string, KeyEntry>) => KeyEntry;

/** Everything wrong with the command line is said before Redis is asked. */
function toChange(action: string | undefined, values: Flags): Change {
  toName(values);
  const version = values.version === undefined ? undefined : toKeyVersion(values.version);
  switch (action) {
    case 'rotate':
      return toRotation(values);
    case 'revoke':
      return (entry) => revoke(entry, version);
    case 'allow':
      return (entry) => allow(entry, version);
    case 'register': {
      const key = values['public-key'] ?? '';
      if (parsePublicKeyText(key) === undefined) failUsage('--public-key: "whpk_" and base64 of 32 bytes');
      return (entry) => ({ ...entry, publicKeys: [...new Set([...(entry.publicKeys ?? []), key])].slice(-2) });
    }
    case 'grant':
      return toGrant(values);
    case undefined:
    default:
      return failUsage('keys rotate, revoke, allow, register, grant, secret, or list');
  }
}

function toRotation(values: Flags): Change {
  if (values.to === undefined) failUsage('--to: the new version');
  const to = toKeyVersion(values.to);
  const overlapMs = toDurationMs('--overlap', values.overlap ?? '24h');
  const configured = (values.configured ?? '1').split(',').map((one) => toKeyVersion(one));
  return (entry, entries) => {
    const before = versionsInForce(entry, entries.get(everybody) ?? {}, configured);
    return rotate(entry, before, to, Date.now() + overlapMs);
  };
}

function toGrant(values: Flags): Change {
  const { fleet, robots: said } = values;
  if (fleet === undefined || said === undefined) failUsage('keys grant --fleet ID --robots ID,PREFIX*');
  const robots = said === 'none' ? [] : said.split(',').map((claim) => claim.trim());
  if (parseKeyEntry(JSON.stringify({ robots })) === undefined) {
    failUsage('--robots: ids of robots, or beginnings of ids with a * behind; not * alone');
  }
  return (entry, entries) => {
    const conflicts = findConflicts(fleet, robots, entries);
    if (conflicts.length > 0) failRefused(`Another fleet sends for ${conflicts.join(', ')}; a robot has one fleet.`);
    return { ...entry, robots };
  };
}

async function applyChange(
  table: KeyTable,
  name: string,
  change: Change,
  values: Flags,
  world: CliWorld,
): Promise<void> {
  const entries = await table.read();
  const entry = change(entries.get(name) ?? {}, entries);
  if (parseKeyEntry(JSON.stringify(entry)) === undefined) {
    failRefused('That is more than one signer may have: 4 versions at once, 64 revoked ones, 10,000 robots.');
  }
  await table.write(name, entry);
  world.out(values.json === true ? JSON.stringify({ name, ...entry }) : renderKeyEntry(name, entry, Date.now()));
  world.note('Pods follow within a second; one that cannot reach Redis keeps to what it knew.');
}

async function list(table: KeyTable, values: Flags, world: CliWorld): Promise<void> {
  const entries = [...(await table.read())].sort(([one], [other]) => (one < other ? -1 : 1));
  if (values.json === true) world.out(JSON.stringify(Object.fromEntries(entries)));
  else for (const [name, entry] of entries) world.out(renderKeyEntry(name, entry, Date.now()));
  if (entries.length === 0) world.note('Nothing differs from the configuration of the pods.');
}

function printSecret(values: Flags, world: CliWorld): void {
  const fleetId = toRobotId(values.fleet === undefined ? [] : [values.fleet]);
  const version = toKeyVersion(values['key-version']);
  world.out(toSecretText(deriveSignerSecret(new PlatformAccess(world).findMasterKey(), 'fleet', fleetId, version)));
}

function toName({ robot, fleet, all }: Flags): string {
  if ([robot, fleet, all].filter((one) => one !== undefined).length !== 1) {
    return failUsage('Whose? One of --robot ID, --fleet ID and --all.');
  }
  if (all === true) return everybody;
  const id = toRobotId([robot ?? fleet ?? '']);
  return toEntryName({ kind: robot === undefined ? 'fleet' : 'robot', id });
}
