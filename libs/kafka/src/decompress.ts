import { AppError } from '@fleetstream/kernel';
import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';

const unzip = promisify(gunzip);
const unzstd = promisify(zstdDecompress);

/** Far above what a batch of `max.message.bytes` expands to, and far below what would hurt. */
const maxOutputLength = 256 * 1024 * 1024;

const names = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/**
 * The records of a compressed batch. Node itself has gzip and zstd; snappy and lz4 would each need a package, and no
 * topic of ours allows them. Our own producers don't compress: events arrive small, and the log is read more often
 * than it is stored long.
 *
 * @throws AppError FS_LOG_CORRUPT, also for a compression that can't be read here
 */
export async function decompress(compression: number, bytes: Buffer): Promise<Buffer> {
  const name = names[compression] ?? `number ${compression}`;
  try {
    switch (name) {
      case 'gzip':
        return await unzip(bytes, { maxOutputLength });
      case 'zstd':
        return await unzstd(bytes, { maxOutputLength });
      default:
        throw new AppError('FS_LOG_CORRUPT', `A batch is compressed with ${name}; gzip and zstd can be read here`);
    }
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError('FS_LOG_CORRUPT', `A batch said to be ${name} can't be unpacked`, { cause: thrown });
  }
}
