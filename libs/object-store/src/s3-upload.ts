import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type Readable } from 'node:stream';
import { AppError } from '@fleetstream/kernel';
import { type ObjectBody } from './port.ts';

/** What S3 takes in one PUT. Larger objects need a multipart upload, which a checkpoint's files never do. */
const putSizeBytesMax = 5 * 1024 ** 3;

/** A body that can be sent again. */
export interface S3Upload {
  readonly sizeBytes: number;
  /** Of the whole body, base64: the store refuses bytes that were damaged or cut off on the way. */
  readonly sha256: string;
  openBody(): Buffer | Readable;
  close(): Promise<void>;
}

/** Reads a file twice, to hash it and to send it, through one handle: both readings are of the same file. */
export async function openUpload(key: string, body: ObjectBody): Promise<S3Upload> {
  if (Buffer.isBuffer(body)) return toBufferUpload(body);
  const handle = await open(body.file, 'r');
  try {
    const { size: sizeBytes } = await handle.stat();
    if (sizeBytes > putSizeBytesMax)
      throw new AppError('FS_INTERNAL', `${key} has ${sizeBytes} bytes: too many for S3`);
    const sha256 = await hashFile(handle);
    // A stream can't be told to end before its first byte.
    if (sizeBytes === 0) return { ...toBufferUpload(Buffer.alloc(0)), close: () => handle.close() };
    return {
      sizeBytes,
      sha256,
      openBody: () => handle.createReadStream({ start: 0, end: sizeBytes - 1, autoClose: false }),
      close: () => handle.close(),
    };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

function toBufferUpload(bytes: Buffer): S3Upload {
  return {
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('base64'),
    openBody: () => bytes,
    close: () => Promise.resolve(),
  };
}

async function hashFile(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hash.update(chunk as Buffer);
  return hash.digest('base64');
}
