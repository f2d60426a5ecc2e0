import { topics } from '@fleetstream/contracts';
import { errorCatalogue } from '@fleetstream/kernel';
import { readDeadLetters, redriveLetters, type Redriven } from '../adapters/dead-letter-log.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { byOrigin, type DeadLetter, findObstacle, type LetterFilter } from '../domain/dead-letter.ts';
import { toDeadLetterTable, toLetterDocument, toLetterLine } from '../domain/dead-letter-table.ts';
import { parseFlags, sharedFlags, toDurationMs } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  ...{ robot: text, reason: text, step: text, since: text, until: text, limit: text, brokers: text },
  all: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof parseFlags<typeof flags>>['values'];

const listedDefault = 20;
/** Held in memory at once; a record may be a megabyte. */
const lettersMax = 1000;

export const deadLettersCommand: Command = {
  name: 'dead-letters',
  summary: 'list, show and put back what could not be folded',
  help: `fleetstream dead-letters list [flags]               the newest, oldest first
fleetstream dead-letters show <letter>              everything of one: headers, and the record as it was
fleetstream dead-letters redrive <letter>… [flags]  append the records to the log once more, in their old order
fleetstream dead-letters redrive --all | <filter>

  --robot ID            only of this robot
  --reason CODE         only with this reason, such as FS_FOLD_FAILED
  --step STEP           only where it failed so: decode, fold, timer, insights-…
  --since, --until TIME only of this time: 2026-01-31T12:00:00Z, or 30m, 24h ago
  --limit N             list: at most so many, the newest (${listedDefault})
  --dry-run             redrive: say what would be put back, and put back nothing
  --brokers HOST:PORT   of the log (default: what "npm start" wrote down)
  --json                list: one letter per line; show, redrive: one JSON object

A letter is named as list shows it: <partition>/<offset> in ${topics.deadLetters}. A record that is put back keeps its key, bytes
and id, so what was folded after all counts as a duplicate and changes nothing; its headers fs-redriven-from and fs-redrives
say whence it came. Timers have no record and are left. At most ${lettersMax} are put back in one go.

redrive ends with 1 when it found nothing to put back.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const [action, ...places] = positionals;
    for (const place of places) if (!/^\d+\/\d+$/.test(place)) failUsage(`"${place}" is no letter, such as 3/17`);
    switch (action) {
      case 'list':
        if (places.length > 0) failUsage('list takes flags; show takes a letter');
        {
          await list(values, world);
          return;
        }
      case 'show':
        if (places.length !== 1) failUsage('Which letter? One, such as 3/17.');
        {
          await show(places[0] ?? '', values, world);
          return;
        }
      case 'redrive': {
        await redrive(places, values, world);
        return;
      }
      case undefined:
      default:
        return failUsage('dead-letters list, show or redrive');
    }
  },
};

async function list(values: Flags, world: CliWorld): Promise<void> {
  const limit = toLimit(values.limit);
  const { letters, matched } = await read(toFilter(values, []), limit, values, world);
  const lines =
    values.json === true ? letters.map((letter) => JSON.stringify(toLetterLine(letter))) : toDeadLetterTable(letters);
  for (const line of lines) world.out(line);
  if (matched === 0) world.note('There are no such dead letters.');
  else if (matched > letters.length) world.note(`The newest ${letters.length} of ${matched}; --limit shows more.`);
}

async function show(place: string, values: Flags, world: CliWorld): Promise<void> {
  const { letters } = await read({ places: new Set([place]) }, 1, values, world);
  const [letter] = letters;
  if (letter === undefined) return failRefused(`There is no letter ${place} in ${topics.deadLetters}.`);
  world.out(JSON.stringify(toLetterDocument(letter), null, values.json === true ? undefined : 2));
}

async function redrive(places: readonly string[], values: Flags, world: CliWorld): Promise<void> {
  const filter = toFilter(values, places);
  const isNarrowed = Object.values(filter).some((part) => part !== undefined);
  if (isNarrowed === (values.all === true)) failUsage('Which? Name letters or filters, or give --all, not both.');
  const dryRun = values['dry-run'] === true;
  const { letters, matched } = await read(filter, lettersMax, values, world);
  if (matched > letters.length) {
    failRefused(`${matched} letters fit, ${lettersMax} can be put back in one go: narrow it by --until or --robot.`);
  }
  const judged = letters.map((letter) => ({ letter, obstacle: findObstacle(letter, topics.events) }));
  const left = judged.flatMap(({ letter, obstacle }) => (obstacle === undefined ? [] : [{ letter, obstacle }]));
  const good = judged.filter(({ obstacle }) => obstacle === undefined).map(({ letter }) => letter);
  const redriven: Redriven[] = [];
  const wanted = good.toSorted(byOrigin);
  try {
    if (!dryRun && wanted.length > 0) {
      await redriveLetters(new PlatformAccess(world).findBrokers(values), wanted, (some) => redriven.push(...some));
    }
  } finally {
    report({ dryRun, wanted, redriven, left }, values.json === true, world);
  }
  const missing = places.filter((place) => !letters.some((letter) => letter.place === place));
  if (missing.length > 0) failRefused(`There is no letter ${missing.join(', ')} in ${topics.deadLetters}.`);
  if (wanted.length === 0) failRefused('There was nothing to put back.');
}

interface RedriveReport {
  readonly dryRun: boolean;
  readonly wanted: readonly DeadLetter[];
  readonly redriven: readonly Redriven[];
  readonly left: readonly { readonly letter: DeadLetter; readonly obstacle: string }[];
}

function report({ dryRun, wanted, redriven, left }: RedriveReport, json: boolean, world: CliWorld): void {
  if (json) {
    world.out(
      JSON.stringify({
        dryRun,
        wanted: wanted.map(({ place }) => place),
        redriven: redriven.map(({ letter, to }) => ({ letter: letter.place, to })),
        left: left.map(({ letter, obstacle }) => ({ letter: letter.place, why: obstacle })),
      }),
    );
    return;
  }
  if (dryRun) for (const line of toDeadLetterTable(wanted)) world.out(line);
  else
    for (const { letter, to } of redriven)
      world.out(`${letter.place} is in the log again at ${to.partition}/${to.offset}`);
  for (const { letter, obstacle } of left) world.note(`${letter.place} is left: ${obstacle}`);
  world.note(dryRun ? `${wanted.length} would be put back.` : `${redriven.length} of ${wanted.length} were put back.`);
}

async function read(filter: LetterFilter, limit: number, values: Flags, world: CliWorld) {
  return await readDeadLetters(new PlatformAccess(world).findBrokers(values), filter, limit);
}

function toFilter({ robot, reason, step, since, until }: Flags, places: readonly string[]): LetterFilter {
  if (reason !== undefined && !Object.hasOwn(errorCatalogue, reason)) {
    failUsage(`--reason: "${reason}" is no error code; docs/errors.md lists them`);
  }
  return {
    // Not only robots' ids: poison may have any key.
    ...{ robotId: robot, reason, step },
    sinceMs: toMomentMs('--since', since),
    untilMs: toMomentMs('--until', until),
    places: places.length === 0 ? undefined : new Set(places),
  };
}

function toMomentMs(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (/^\d{4}-\d\d-\d\d/.test(given)) {
    const atMs = Date.parse(given);
    return Number.isNaN(atMs) ? failUsage(`${flag}: "${given}" is no time`) : atMs;
  }
  return Date.now() - toDurationMs(flag, given);
}

function toLimit(given: string | undefined): number {
  const limit = Number(given ?? listedDefault);
  if (Number.isInteger(limit) && limit >= 1 && limit <= lettersMax) return limit;
  return failUsage(`--limit: a whole number from 1 to ${lettersMax}, not "${given ?? ''}"`);
}
