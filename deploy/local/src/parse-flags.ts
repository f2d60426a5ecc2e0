import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type ClientCertOptions, type StartOptions } from './start-options.ts';

export type ParsedFlags =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

const flags = {
  for: { type: 'string' },
  robots: { type: 'string' },
  rate: { type: 'string' },
  speed: { type: 'string' },
  webhooks: { type: 'string' },
  processors: { type: 'string' },
  recordings: { type: 'string' },
  source: { type: 'string' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
  'client-ca': { type: 'string' },
  'client-certs': { type: 'string' },
  'no-fleet': { type: 'boolean' },
  'with-prometheus': { type: 'boolean' },
  fresh: { type: 'boolean' },
  chaos: { type: 'boolean' },
  commands: { type: 'string' },
  seed: { type: 'string' },
  'state-dir': { type: 'string' },
  'port-offset': { type: 'string' },
  help: { type: 'boolean' },
} as const;

const chaosMsMin = 45_000;

const sources = ['simulator', 'recordings', 'orbis', 'crazyflie', 'ur3', 'agv-session'];

/**
 * Reads the command line of `npm start`; all problems at once.
 *
 * @param foundRecordings recordings that lie where they are looked for; played unless another source is asked for
 */
export function parseFlags(argv: readonly string[], foundRecordings?: string): ParsedFlags {
  const problems: string[] = [];
  const { values, tokens } = parseArgs({ args: [...argv], options: flags, strict: false, tokens: true });
  let afterUnknown = false;
  for (const token of tokens) {
    // What follows a flag that isn't known may be its value, and one complaint is enough.
    if (token.kind === 'positional' && !afterUnknown) problems.push(`"${token.value}": flags only, no arguments`);
    afterUnknown = false;
    if (token.kind !== 'option') continue;
    const known = Object.entries(flags).find(([name]) => name === token.name)?.[1];
    afterUnknown = known === undefined;
    if (known === undefined) problems.push(`${token.rawName}: no such flag`);
    else if (known.type === 'string' && token.value === undefined) problems.push(`${token.rawName}: needs a value`);
    else if (known.type === 'boolean' && token.value !== undefined) problems.push(`${token.rawName}: takes no value`);
  }
  if (values.help === true) return { kind: 'help' };
  const text = (name: keyof typeof values): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const number = (
    name: 'robots' | 'rate' | 'speed' | 'webhooks' | 'processors' | 'commands' | 'seed' | 'port-offset',
    limits: NumberLimits,
  ) => readNumber(name, text(name), limits, problems);
  const recordings = text('recordings') ?? (text('source') === undefined ? foundRecordings : undefined);
  const source = text('source') ?? chooseSource(recordings);
  if (!sources.includes(source)) {
    problems.push(`--source ${source}: one of ${sources.join(', ')}`);
  }
  const options: StartOptions = {
    runForMs: readDuration(text('for'), problems),
    robots: number('robots', { min: 1, max: 20_000, whole: true }) ?? 50,
    rate: number('rate', { min: 0.01, max: 1_000_000, whole: false }),
    speed: number('speed', { min: 0.01, max: 10_000, whole: false }) ?? 1,
    webhooks: number('webhooks', { min: 1, max: 9, whole: true }) ?? 2,
    processors: number('processors', { min: 1, max: 6, whole: true }) ?? 1,
    recordings,
    source,
    // One recorded session has an end, and playing it again would be another history.
    once: values.once === true || source === 'agv-session',
    json: values.json === true,
    fleet: values['no-fleet'] !== true,
    prometheus: values['with-prometheus'] === true,
    clientCerts: readClientCerts(text('client-ca'), text('client-certs'), problems),
    fresh: values.fresh === true,
    chaos: values.chaos === true,
    // A recorded session has commands of its own.
    commandsPerSecond: number('commands', { min: 0, max: 1000, whole: false }) ?? (source === 'agv-session' ? 0 : 1),
    seed: number('seed', { min: 0, max: 2 ** 31 - 1, whole: true }) ?? 1,
    stateDir: text('state-dir') ?? '.fleetstream',
    portOffset: number('port-offset', { min: 0, max: 12_000, whole: true }) ?? 0,
  };
  if (options.source === 'agv-session' && recordings === undefined) {
    problems.push('--source agv-session: needs --recordings with the session');
  }
  if (options.chaos && options.runForMs !== undefined && options.runForMs < chaosMsMin) {
    problems.push(`--chaos needs --for ${chaosMsMin / 1000}s at least: it kills everything several times`);
  }
  if (options.clientCerts?.mode === 'required' && options.fleet) {
    problems.push('--client-certs required: needs --no-fleet, for the robots of the fleet only sign');
  }
  if (!options.fleet && options.once) problems.push('--no-fleet and --once: nothing would be played');
  return problems.length > 0 ? { kind: 'wrong', problems } : { kind: 'start', options };
}

function readClientCerts(
  caFile: string | undefined,
  mode: string | undefined,
  problems: string[],
): ClientCertOptions | undefined {
  if (mode !== undefined && caFile === undefined) problems.push('--client-certs: needs --client-ca');
  if (mode !== undefined && mode !== 'required' && mode !== 'instead') {
    problems.push(`--client-certs ${mode}: required or instead`);
    return undefined;
  }
  // Programs of other folders read it.
  return caFile === undefined ? undefined : { caFile: resolve(caFile), mode: mode ?? 'instead' };
}

/** Recordings that were asked for and aren't there must be an error, so they are asked for by name. */
function chooseSource(recordings: string | undefined): string {
  if (recordings === undefined) return 'simulator';
  return recordings.endsWith('.log') ? 'agv-session' : 'recordings';
}

interface NumberLimits {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

function readNumber(
  name: string,
  text: string | undefined,
  { min, max, whole }: NumberLimits,
  problems: string[],
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(value) || value < min || value > max || (whole && !Number.isInteger(value))) {
    problems.push(`--${name} ${text}: a ${whole ? 'whole ' : ''}number from ${min} to ${max}`);
    return undefined;
  }
  return value;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const maxRunMs = 24 * 3_600_000;

function readDuration(text: string | undefined, problems: string[]): number | undefined {
  if (text === undefined) return undefined;
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const durationMs = Number(parts?.[1]) * (unitMs[parts?.[2] ?? ''] ?? Number.NaN);
  if (durationMs >= 1000 && durationMs <= maxRunMs) return durationMs;
  problems.push(`--for ${text}: a time from 1s to 24h, as in 60s, 5m or 1.5h`);
  return undefined;
}
