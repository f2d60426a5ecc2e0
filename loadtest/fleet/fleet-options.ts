import { parseArgs } from 'node:util';
import { AppError, toMessage } from '@fleetstream/kernel';

const sources = ['auto', 'recordings', 'simulator', 'orbis', 'crazyflie', 'ur3', 'agv-session'] as const;

export type SourceChoice = (typeof sources)[number];

export interface FleetOptions {
  readonly gateway: string;
  readonly caFile: string | undefined;
  readonly masterKeyFile: string;
  /** `undefined` enrols nobody. */
  readonly platform: string | undefined;
  readonly robots: number;
  readonly rate: number;
  readonly speed: number;
  readonly recordings: string | undefined;
  readonly source: SourceChoice;
  readonly sessions: 'main' | 'all';
  readonly journal: string | undefined;
  readonly seed: number;
  readonly run: string;
  readonly duplicateShare: number;
  /** Share of answers that are lost on their way. */
  readonly lostShare: number;
  /** Robots keep what is acknowledged until it is folded. */
  readonly untilFolded: boolean;
  readonly once: boolean;
  /** The command service; `undefined` leaves commands out. */
  readonly commands: string | undefined;
  readonly commandTokenFile: string;
  readonly commandsPerSecond: number;
  readonly commandJournal: string | undefined;
}

export const fleetHelp = `Robots as real HTTP clients: recorded or simulated, each with its own secret, outbox and retries.

node loadtest/fleet/main.ts --gateway URL --ca FILE --master-key-file FILE [options]

  --gateway URL            where robots post (https://127.0.0.1:18443)
  --ca FILE                PEM of the authority to trust; required for https
  --master-key-file FILE   JSON with "masterKey", base64 (.fleetstream/secrets.json)
  --platform URL|none      Robot Platform at which robots are enrolled (http://127.0.0.1:18070)
  --robots N               1 to 20000 (200)
  --rate N                 events per second made by the whole fleet at most, on average; 0: as recorded (600)
  --speed X                recorded or simulated seconds per second (1)
  --source KIND            ${sources.join(' | ')} (auto)
                           auto: all recordings when there are any, else the simulator
                           agv-session: one factory session, each robot once as itself
  --recordings DIR|none    folder of recordings, or one factory session's .log file; only read (none)
  --sessions main|all      factory sessions to replay (main)
  --journal FILE|none      what became of each event, JSON lines (none)
  --seed N                 of everything random (1)
  --run LABEL              goes into ids: the same label again sends the same events again (new each start)
  --duplicates SHARE       of acknowledged requests, sent again on purpose (0.01)
  --lose-answers SHARE     of answers, lost on their way on purpose: robots ask what arrived, send only the rest (0)
  --until-folded           robots keep what is acknowledged until the platform says it is in their state
  --once                   end after one pass instead of looping
  --commands URL|none      command service: robots fetch their commands there and carry them out (none)
  --command-token-file F   JSON with "commandsToken", an operator's (.fleetstream/secrets.json)
  --commands-per-second R  commands given to random robots (1)
  --command-journal FILE   what robots did with each command, JSON lines (none)
  --help

SIGTERM or SIGINT: no new events or commands, wait for the ends of commands (20 s at most), deliver what waits (30 s at
most), report, exit 0. A second one ends the waiting.
Standard output is JSON lines: "registered", "progress" each second, "done" with the report.
`;

/**
 * @param defaultRun the label of a run whose caller gave none; must differ from earlier runs'
 * @returns `help` when it was asked for
 * @throws AppError FS_CONFIG_INVALID with a sentence for the caller
 */
export function parseFleetOptions(args: readonly string[], defaultRun: string): FleetOptions | 'help' {
  const values = parseValues(args);
  if (values.help === true) return 'help';
  const gateway = toUrl('--gateway', values.gateway ?? 'https://127.0.0.1:18443');
  const platform = orNone(values.platform ?? 'http://127.0.0.1:18070');
  if (gateway.startsWith('https:') && values.ca === undefined)
    refuse('--ca: name the PEM file of the authority to trust');
  return {
    gateway,
    caFile: values.ca,
    masterKeyFile: values['master-key-file'] ?? '.fleetstream/secrets.json',
    platform: platform === undefined ? undefined : toUrl('--platform', platform),
    robots: toNumber('--robots', values.robots ?? '200', 1, 20_000, true),
    rate: toNumber('--rate', values.rate ?? '600', 0, 100_000),
    speed: toNumber('--speed', values.speed ?? '1', 0.01, 1000),
    recordings: orNone(values.recordings),
    source: toChoice('--source', values.source ?? 'auto', sources),
    sessions: toChoice('--sessions', values.sessions ?? 'main', ['main', 'all'] as const),
    journal: orNone(values.journal),
    seed: toNumber('--seed', values.seed ?? '1', 0, Number.MAX_SAFE_INTEGER, true),
    run: toRun(values.run ?? defaultRun),
    duplicateShare: toNumber('--duplicates', values.duplicates ?? '0.01', 0, 1),
    lostShare: toNumber('--lose-answers', values['lose-answers'] ?? '0', 0, 1),
    untilFolded: values['until-folded'] === true,
    once: values.once === true,
    commands: toOptionalUrl('--commands', values.commands),
    commandTokenFile: values['command-token-file'] ?? '.fleetstream/secrets.json',
    commandsPerSecond: toNumber('--commands-per-second', values['commands-per-second'] ?? '1', 0, 1000),
    commandJournal: orNone(values['command-journal']),
  };
}

function parseValues(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        gateway: text,
        ca: text,
        'master-key-file': text,
        platform: text,
        robots: text,
        rate: text,
        speed: text,
        source: text,
        recordings: text,
        sessions: text,
        journal: text,
        seed: text,
        run: text,
        duplicates: text,
        'lose-answers': text,
        'until-folded': flag,
        once: flag,
        commands: text,
        'command-token-file': text,
        'commands-per-second': text,
        'command-journal': text,
        help: flag,
      },
    }).values;
  } catch (thrown) {
    return refuse(toMessage(thrown));
  }
}

function orNone(value: string | undefined): string | undefined {
  return value === 'none' ? undefined : value;
}

function toNumber(name: string, text: string, low: number, high: number, whole = false): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const fits = value >= low && value <= high && (!whole || Number.isInteger(value));
  return fits ? value : refuse(`${name}: a ${whole ? 'whole ' : ''}number from ${low} to ${high}, not "${text}"`);
}

function toChoice<Choice extends string>(name: string, text: string, choices: readonly Choice[]): Choice {
  return choices.find((choice) => choice === text) ?? refuse(`${name}: one of ${choices.join(', ')}, not "${text}"`);
}

function toUrl(name: string, text: string): string {
  return URL.canParse(text) && /^https?:/.test(text) ? text : refuse(`${name}: an http or https URL, not "${text}"`);
}

function toOptionalUrl(name: string, text: string | undefined): string | undefined {
  const url = orNone(text);
  return url === undefined ? undefined : toUrl(name, url);
}

function toRun(text: string): string {
  return /^[A-Za-z0-9]{1,24}$/.test(text) ? text : refuse(`--run: 1 to 24 letters and digits, not "${text}"`);
}

function refuse(message: string): never {
  throw new AppError('FS_CONFIG_INVALID', message);
}
