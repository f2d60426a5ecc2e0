import { countFlag } from '../count-flag.ts';
import { readArguments } from '../read-arguments.ts';
import { type LoadCommand, loadCommands, type LoadOptions } from './load-options.ts';

export type ParsedLoadFlags =
  | { readonly kind: 'run'; readonly options: LoadOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

const flags = {
  rate: { type: 'string' },
  events: { type: 'string' },
  duration: { type: 'string' },
  vus: { type: 'string' },
  start: { type: 'boolean' },
  quick: { type: 'boolean' },
  'state-dir': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Reads the command line, naming every problem at once. */
export function parseLoadFlags(argv: readonly string[]): ParsedLoadFlags {
  const read = readArguments(argv, flags);
  if (typeof read === 'string') return { kind: 'wrong', problems: [read] };
  const { values, positionals } = read;
  if (values.help === true) return { kind: 'help' };
  const problems: string[] = [];
  const [command, ...more] = positionals;
  if (!isCommand(command) || more.length > 0) {
    problems.push(`"${positionals.join(' ')}": one of ${loadCommands.join(', ')}`);
  }
  const count = (name: 'rate' | 'events' | 'vus', fallback: number, most: number) =>
    countFlag(values[name], { name, fallback, least: 1, most }, problems);
  const options: LoadOptions = {
    command: isCommand(command) ? command : 'smoke',
    requestsPerSecond: count('rate', 50, 5000),
    eventsPerRequest: count('events', 10, 500),
    vus: count('vus', 50, 1000),
    durationSeconds: readDuration(values.duration ?? toDuration(command, values.quick === true), problems),
    start: values.start === true,
    quick: values.quick === true,
    stateDir: values['state-dir'] ?? '.fleetstream',
    json: values.json === true,
  };
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'run', options };
}

function toDuration(command: string | undefined, quick: boolean): string {
  if (command !== 'overload') return '20s';
  return quick ? '15s' : '60s';
}

function isCommand(text: string | undefined): text is LoadCommand {
  return loadCommands.some((command) => command === text);
}

function readDuration(text: string, problems: string[]): number {
  const match = /^(\d+)(s|m)$/.exec(text);
  const seconds = match === null ? NaN : Number(match[1]) * (match[2] === 'm' ? 60 : 1);
  if (!(seconds >= 5 && seconds <= 600)) problems.push(`--duration ${text}: a time from 5s to 10m`);
  return seconds;
}
