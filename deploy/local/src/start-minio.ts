import { join } from 'node:path';
import { type S3Server, type S3ServerOptions, startS3Server } from './s3-server.ts';

/** Starts MinIO, one drive, on 127.0.0.1 and waits until it takes requests. */
export async function startMinio(options: S3ServerOptions): Promise<S3Server> {
  return startS3Server(
    {
      tool: 'minio',
      bucketsDir: 'drive',
      readyPath: '/minio/health/ready',
      toArgs: ({ dataDir, port }) => [
        ...['server', '--quiet', '--anonymous'],
        ...['--address', `127.0.0.1:${String(port)}`],
        ...['--certs-dir', join(dataDir, 'certs')],
        join(dataDir, 'drive'),
      ],
      toEnvironment: ({ accessKeyId, secretAccessKey }) => ({
        MINIO_ROOT_USER: accessKeyId,
        MINIO_ROOT_PASSWORD: secretAccessKey,
        // No web console on a port of its own, no questions to the maker about newer versions.
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
      }),
    },
    options,
  );
}
