import { existsSync } from 'node:fs';
import { env } from 'node:process';
import { AppError } from '@fleetstream/kernel';
import { goToolFile } from '../setup/go-tools.mjs';
import { type LocalProcess, spawnLocalProcess } from './local-process.ts';
import { localTools } from './local-tools.ts';

export interface K6Options {
  readonly scriptFile: string;
  /** What the script reads as `__ENV`. */
  readonly variables: Readonly<Record<string, string>>;
  /** The certificate authority that it trusts beside no other. */
  readonly caFile: string;
  readonly logFile: string;
}

/** k6's exit code when everything ran and a threshold was crossed. */
export const k6ThresholdsFailed = 99;

/** Starts a k6 run. It ends by itself: await `exited`. */
export function startK6(options: K6Options): LocalProcess {
  const k6File = goToolFile(localTools().cacheDir, 'k6');
  if (!existsSync(k6File)) {
    throw new AppError('FS_NOT_READY', 'k6 is not installed: run "npm run setup -- --for load" first.');
  }
  const variables = Object.entries(options.variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return spawnLocalProcess({
    name: 'k6',
    command: k6File,
    args: ['run', '--quiet', '--no-usage-report', '--address', '', ...variables, options.scriptFile],
    environment: { ...env, SSL_CERT_FILE: options.caFile, SSL_CERT_DIR: '/nonexistent', K6_NO_COLOR: 'true' },
    logFile: options.logFile,
    address: '(none)',
    // It ends the requests under way and writes its summary first.
    stopTimeoutMs: 15_000,
  });
}
