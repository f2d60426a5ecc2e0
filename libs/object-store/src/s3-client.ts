import { type Log } from '@fleetstream/kernel';
import type * as s3Sdk from '@aws-sdk/client-s3';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3ClientOptions {
  /** Of another server than Amazon's, for instance `http://127.0.0.1:9000`. */
  readonly endpoint?: string;
  readonly region: string;
  /** Left out: what the SDK finds by itself, such as the role of the pod or the machine. */
  readonly credentials?: S3Credentials;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`; true by default where there is an endpoint. */
  readonly forcePathStyle?: boolean;
  readonly log: Log;
}

export interface LoadedClient {
  readonly sdk: typeof s3Sdk;
  readonly client: s3Sdk.S3Client;
}

const connectTimeoutMs = 3000;
/** More requests wait in line; a checkpoint's upload sends four at once. */
const socketsMax = 16;

/** Loads the SDK when it is first needed: who keeps checkpoints in a folder is spared 35 MB of it. */
export async function loadS3Client(options: S3ClientOptions): Promise<LoadedClient> {
  const sdk = await import('@aws-sdk/client-s3');
  const agent = { keepAlive: true, maxSockets: socketsMax };
  const client = new sdk.S3Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: { ...options.credentials } }),
    forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
    // Bodies that are streams can't be sent twice by the SDK, so attempts are counted in one place: `s3-requests.ts`.
    maxAttempts: 1,
    // Ours is given with each put. The default would frame streams, which older servers don't understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // What a damaged object means is the reader's to say: it knows the hash, and an older checkpoint.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      httpAgent: agent,
      httpsAgent: agent,
      // It writes to the console otherwise, and waiting in line is nothing to warn of.
      logger: toSdkLogger(options.log),
    },
  });
  return { sdk, client };
}

function toSdkLogger(log: Log): Record<'debug' | 'info' | 'warn' | 'error', (text: unknown) => void> {
  const write = (text: unknown): void => {
    log.debug({ text: String(text) }, 'S3 client');
  };
  return { debug: write, info: write, warn: write, error: write };
}
