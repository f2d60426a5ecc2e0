import { failUsage } from './cli-failure.ts';

/**
 * An object of JSON from a flag or a file.
 *
 * @param of what the user calls it
 * @throws CliFailure 2
 */
export function readJson(of: string, given: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(given);
  } catch {
    return failUsage(`${of}: not JSON`);
  }
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? parsed
    : failUsage(`${of}: not an object of JSON`);
}
