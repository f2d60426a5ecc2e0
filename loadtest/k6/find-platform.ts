import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { spawnLocalProcess } from '@fleetstream/local';

/** The platform that load goes to. */
export interface LoadPlatform {
  readonly gatewayUrl: string;
  readonly caFile: string;
  readonly masterKey: Buffer;
  /** Stops it when it is ours. */
  stop(): Promise<void>;
}

const startTimeoutMs = 120_000;

/**
 * Takes the platform that runs, by what it wrote into its state directory.
 *
 * @throws AppError FS_NOT_READY when there is none
 */
export function findPlatform(stateDir: string): LoadPlatform {
  const addressesFile = join(stateDir, 'local.json');
  const secretsFile = join(stateDir, 'secrets.json');
  if (!existsSync(addressesFile) || !existsSync(secretsFile)) {
    throw new AppError(
      'FS_NOT_READY',
      `No platform is known: ${addressesFile} isn't there. Run "npm start" first, or add --start.`,
    );
  }
  const { gatewayUrl, caFile } = JSON.parse(readFileSync(addressesFile, 'utf8')) as Record<string, string>;
  const { masterKey } = JSON.parse(readFileSync(secretsFile, 'utf8')) as Record<string, string>;
  return {
    gatewayUrl: gatewayUrl ?? '',
    caFile: caFile ?? '',
    masterKey: Buffer.from(masterKey ?? '', 'base64'),
    stop: () => Promise.resolve(),
  };
}

export interface OwnPlatformOptions {
  readonly root: string;
  readonly nodeFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Starts a platform without robots, in a directory that goes with it. It takes the ports of `npm start`. */
export async function startOwnPlatform(options: OwnPlatformOptions): Promise<LoadPlatform> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-load-'));
  const stateDir = join(directory, 'state');
  const logFile = join(directory, 'platform.log');
  const platform = spawnLocalProcess({
    name: 'platform',
    command: options.nodeFile,
    args: [
      '--disable-warning=TimeoutNegativeWarning',
      'deploy/local/src/main.ts',
      '--no-fleet',
      '--state-dir',
      stateDir,
    ],
    directory: options.root,
    environment: options.environment,
    logFile,
    address: stateDir,
    // It stops its parts in order: the processor's last checkpoint takes a while.
    stopTimeoutMs: 60_000,
  });
  const stop = async () => {
    await platform.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await waitForFile(join(stateDir, 'local.json'), platform.exited, logFile);
    return { ...findPlatform(stateDir), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

// The file is the last thing that a start writes.
async function waitForFile(file: string, exited: Promise<unknown>, logFile: string): Promise<void> {
  const deadlineMs = performance.now() + startTimeoutMs;
  const ended = exited.then(() => 'ended' as const);
  while (!existsSync(file)) {
    const next = await Promise.race([ended, sleep(100)]);
    if (next === 'ended' || performance.now() > deadlineMs) {
      const said = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
      throw new AppError('FS_NOT_READY', `The platform did not start:\n${said}`);
    }
  }
}
