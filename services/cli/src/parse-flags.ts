import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { isRobotId, toMessage } from '@fleetstream/kernel';
import { failUsage } from './cli-failure.ts';

/** Flags that every command takes. */
export const sharedFlags = { json: { type: 'boolean' }, help: { type: 'boolean' } } as const;

/** Where the platform is, when it isn't the one that a local start wrote down. */
export const gatewayFlags = { gateway: { type: 'string' }, ca: { type: 'string' } } as const;

/** What Node's parser makes of a command line with these flags. */
type ParsedFlags<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Options; allowPositionals: true; strict: true }>
>;

/** @throws CliFailure 2 naming what is wrong */
export function parseFlags<Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Options,
): ParsedFlags<Options> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (thrown) {
    // Node adds advice on positional arguments that no user of this command needs.
    return failUsage(toMessage(thrown).split('. To specify')[0] ?? '');
  }
}

/** The one robot id a command is about. */
export function toRobotId(positionals: readonly string[]): string {
  const [robotId, ...rest] = positionals;
  if (robotId === undefined) return failUsage(`Which robot? Give its id.`);
  if (rest.length > 0) return failUsage(`One robot id, not "${positionals.join(' ')}"`);
  if (isRobotId(robotId)) return robotId;
  return failUsage(`"${robotId}" is no robot id: 1 to 64 of A-Z a-z 0-9 . _ : and -, the first a letter or a digit`);
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A time such as 30s, 5m or 1h, in milliseconds. */
export function toDurationMs(flag: string, text: string): number {
  const parts = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const durationMs = Math.round(Number(parts?.[1]) * (unitMs[parts?.[2] ?? ''] ?? Number.NaN));
  return Number.isFinite(durationMs) ? durationMs : failUsage(`${flag}: a time such as 30s, 5m or 1h, not "${text}"`);
}

/** A version of a robot's derived key. */
export function toKeyVersion(text: string | undefined): number {
  const version = Number(text ?? '1');
  return Number.isInteger(version) && version >= 1
    ? version
    : failUsage(`--key-version: a whole number from 1, not "${text ?? ''}"`);
}
