import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { type GoTool, goToolFile } from '../setup/go-tools.mjs';
import { type LocalProcess, type ProcessSpec, spawnLocalProcess, waitUntilReady } from './local-process.ts';
import { localTools } from './local-tools.ts';
import { probeHttp } from './start-envoy.ts';

export interface S3ServerOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly logFile: string;
  /** Made when they aren't there. */
  readonly buckets: readonly string[];
  /** New random ones when left out. */
  readonly credentials?: S3ServerCredentials;
  readonly detached?: boolean;
}

export interface S3ServerCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** `address` is its URL. */
export interface S3Server extends LocalProcess {
  readonly credentials: S3ServerCredentials;
}

/** What tells one server from the other. */
export interface S3ServerKind {
  readonly tool: Extract<GoTool, 'minio' | 'versitygw'>;
  /** Where, below `dataDir`, a folder is a bucket. */
  readonly bucketsDir: string;
  readonly readyPath: string;
  toArgs(options: S3ServerOptions): string[];
  /** Credentials go by the environment: arguments can be read by every user of the machine. */
  toEnvironment(credentials: S3ServerCredentials): Record<string, string>;
}

/** Whether set-up has built the server. */
export function isS3ServerThere(tool: S3ServerKind['tool']): boolean {
  return existsSync(goToolFile(localTools().cacheDir, tool));
}

/** @throws AppError FS_NOT_READY when it isn't built or doesn't come up */
export async function startS3Server(kind: S3ServerKind, options: S3ServerOptions): Promise<S3Server> {
  if (!isS3ServerThere(kind.tool)) {
    throw new AppError('FS_NOT_READY', `${kind.tool} is not built: run "npm run setup -- --for ${kind.tool}" first.`);
  }
  for (const bucket of options.buckets) mkdirSync(join(options.dataDir, kind.bucketsDir, bucket), { recursive: true });
  const credentials = options.credentials ?? {
    accessKeyId: randomBytes(10).toString('hex'),
    secretAccessKey: randomBytes(20).toString('hex'),
  };
  const address = `http://127.0.0.1:${String(options.port)}`;
  const spec: ProcessSpec = {
    name: kind.tool,
    command: goToolFile(localTools().cacheDir, kind.tool),
    args: kind.toArgs(options),
    // Nothing of our own environment: both read many variables, some of which people have set for other ends.
    environment: { HOME: options.dataDir, ...kind.toEnvironment(credentials) },
    logFile: options.logFile,
    address,
    stopTimeoutMs: 5000,
    detached: options.detached === true,
  };
  const server = spawnLocalProcess(spec);
  await waitUntilReady(server, options.logFile, () => probeHttp(`${address}${kind.readyPath}`), 30_000);
  return { ...server, credentials };
}
