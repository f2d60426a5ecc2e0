import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type S3Server, type S3ServerOptions, startS3Server } from './s3-server.ts';

/** Starts versitygw over a folder on 127.0.0.1 and waits until it takes requests. */
export async function startVersitygw(options: S3ServerOptions): Promise<S3Server> {
  // Beside the objects, not in extended attributes, which not every file system has.
  const metadataDir = join(options.dataDir, 'metadata');
  mkdirSync(metadataDir, { recursive: true });
  return startS3Server(
    {
      tool: 'versitygw',
      bucketsDir: 'buckets',
      readyPath: '/health',
      toArgs: ({ dataDir, port }) => [
        ...['--port', `127.0.0.1:${String(port)}`],
        ...['--health', '/health', '--keep-alive', '--quiet'],
        ...['posix', '--sidecar', metadataDir, join(dataDir, 'buckets')],
      ],
      toEnvironment: ({ accessKeyId, secretAccessKey }) => ({
        ROOT_ACCESS_KEY: accessKeyId,
        ROOT_SECRET_KEY: secretAccessKey,
      }),
    },
    options,
  );
}
