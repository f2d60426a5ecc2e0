import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@fleetstream/kernel';
import { assertObjectKey, isObjectKey } from './object-key.ts';
import {
  type DownloadedObject,
  type DownloadWatch,
  getSizeBytesMax,
  type ListedObject,
  type ObjectHead,
  type ObjectStore,
} from './port.ts';
import { type LoadedClient, loadS3Client, type S3ClientOptions } from './s3-client.ts';
import { toS3Failure, toUnavailable } from './s3-failure.ts';
import { createS3Requests, type S3Requests } from './s3-requests.ts';
import { openUpload } from './s3-upload.ts';

export interface S3ObjectStoreOptions extends S3ClientOptions {
  readonly bucket: string;
  /** Put before every key, with a `/`; several stores may share a bucket. */
  readonly prefix?: string;
  /** For one attempt's answer; a transfer gets 1 s more for each MiB. 10 s by default. */
  readonly timeoutMs?: number;
  /** Keys that one request lists; 1,000 by default and at most. */
  readonly pageSize?: number;
}

/** S3 takes keys of 1,024 bytes; a key of ours may have 512. */
const prefixLengthMax = 500;

/**
 * An object store in a bucket of S3 or of a server that speaks it. It needs the right to get, put, delete and list:
 * without the last, S3 answers "forbidden" for what isn't there. Nothing connects before the first request.
 *
 * Each request is tried four times with growing waits. Uploads carry their SHA-256, which the store checks.
 *
 * @throws AppError FS_CONFIG_INVALID for a prefix that isn't one
 */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  const { bucket, prefix = '' } = options;
  if (prefix !== '' && (!isObjectKey(prefix) || prefix.length > prefixLengthMax)) {
    throw new AppError('FS_CONFIG_INVALID', 'The prefix of an S3 object store must be names separated by "/"');
  }
  const before = prefix === '' ? '' : `${prefix}/`;
  const requests = createS3Requests({ timeoutMs: options.timeoutMs ?? 10_000, log: options.log });
  let loading: Promise<LoadedClient> | undefined;
  const load = (): Promise<LoadedClient> => (loading ??= loadS3Client(options));
  let bucketSeen: Promise<void> | undefined;
  const parts: StoreParts = {
    bucket,
    pageSize: options.pageSize ?? 1000,
    requests,
    load,
    seeBucket: async () => {
      bucketSeen ??= seeBucket(parts);
      await bucketSeen.catch((thrown: unknown) => {
        bucketSeen = undefined;
        throw thrown;
      });
    },
  };
  const nameOf = (key: string): string => {
    assertObjectKey(key);
    return before + key;
  };
  return {
    put: async (key, body) => putObject(parts, nameOf(key), body),
    get: async (key) => getObject(parts, nameOf(key)),
    download: async (key, file, watch = {}) => downloadObject(parts, nameOf(key), file, watch),
    head: async (key) => headObject(parts, nameOf(key)),
    list: (keyPrefix) => listObjects(parts, before, keyPrefix),
    delete: async (key) => {
      const name = nameOf(key);
      const { sdk, client } = await parts.load();
      await requests.ask(`delete ${key}`, 0, (abortSignal) =>
        client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: name }), { abortSignal }),
      );
    },
  };
}

interface StoreParts {
  readonly bucket: string;
  readonly pageSize: number;
  readonly requests: S3Requests;
  readonly load: () => Promise<LoadedClient>;
  /** Makes sure, once, that the bucket is there. */
  readonly seeBucket: () => Promise<void>;
}

async function putObject(parts: StoreParts, name: string, body: Parameters<ObjectStore['put']>[1]): Promise<void> {
  const { sdk, client } = await parts.load();
  const upload = await openUpload(name, body).catch((thrown: unknown) => {
    throw thrown instanceof AppError ? thrown : toUnavailable(`write ${name}`, toS3Failure(thrown));
  });
  const { sizeBytes, sha256 } = upload;
  try {
    const done = await parts.requests.ask(`write ${name}`, sizeBytes, async (abortSignal) => {
      const content = upload.openBody();
      try {
        const about = { ContentLength: sizeBytes, ChecksumSHA256: sha256 };
        const command = new sdk.PutObjectCommand({ Bucket: parts.bucket, Key: name, Body: content, ...about });
        return await client.send(command, { abortSignal });
      } finally {
        if (content instanceof Readable) content.destroy();
      }
    });
    if (done === undefined) throw toUnavailable(`write ${name}`, { kind: 'lasting', text: 'HTTP 404' });
  } finally {
    await upload.close();
  }
}

async function getObject(parts: StoreParts, name: string): Promise<Buffer | undefined> {
  return parts.requests.ask(`read ${name}`, getSizeBytesMax, async (late) => {
    const { body, sizeBytes } = await openObject(parts, name, late);
    if (sizeBytes > getSizeBytesMax) {
      body.destroy();
      throw new AppError('FS_INTERNAL', `${name} has ${sizeBytes} bytes: download it into a file`);
    }
    const chunks: Buffer[] = [];
    await readBody(body, late, (chunk) => {
      chunks.push(chunk);
    });
    const bytes = Buffer.concat(chunks);
    assertWhole(bytes.length, sizeBytes);
    return bytes;
  });
}

async function downloadObject(
  parts: StoreParts,
  name: string,
  file: string,
  { onBytes, signal }: DownloadWatch,
): Promise<DownloadedObject | undefined> {
  const head = await headObject(parts, name);
  if (head === undefined) return undefined;
  return await parts.requests.ask(`download ${name}`, head.sizeBytes, async (late) => {
    signal?.throwIfAborted();
    const ended = signal === undefined ? late : AbortSignal.any([late, signal]);
    const { body, sizeBytes } = await openObject(parts, name, ended);
    const handle = await open(file, 'wx').catch((thrown: unknown) => {
      body.destroy();
      throw thrown;
    });
    try {
      const hash = createHash('sha256');
      let received = 0;
      await readBody(body, ended, async (chunk) => {
        const writing = handle.appendFile(chunk);
        hash.update(chunk);
        await writing;
        received += chunk.length;
        await onBytes?.(chunk.length);
      });
      assertWhole(received, sizeBytes);
      return { sizeBytes, sha256: hash.digest('hex') };
    } catch (thrown) {
      await rm(file, { force: true });
      // Asked for, not suffered: nothing to try again.
      signal?.throwIfAborted();
      throw thrown;
    } finally {
      await handle.close();
    }
  });
}

async function openObject(
  parts: StoreParts,
  name: string,
  abortSignal: AbortSignal,
): Promise<{ body: Readable; sizeBytes: number }> {
  const { sdk, client } = await parts.load();
  const command = new sdk.GetObjectCommand({ Bucket: parts.bucket, Key: name });
  const { Body, ContentLength } = await client.send(command, { abortSignal });
  if (!(Body instanceof Readable) || ContentLength === undefined) {
    throw new AppError('FS_CHECKPOINT_STORE_UNAVAILABLE', `The answer for ${name} has no body or no length`);
  }
  return { body: Body, sizeBytes: ContentLength };
}

async function readBody(
  body: Readable,
  signal: AbortSignal,
  take: (chunk: Buffer) => Promise<void> | void,
): Promise<void> {
  const takeAll = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) await take(chunk);
  };
  await pipeline(body, takeAll, { signal });
}

async function headObject(parts: StoreParts, name: string): Promise<ObjectHead | undefined> {
  const { sdk, client } = await parts.load();
  const place = { Bucket: parts.bucket, Key: name };
  const head = await parts.requests.ask(`look at ${name}`, 0, async (abortSignal) => {
    const answer = await client.send(new sdk.HeadObjectCommand(place), { abortSignal });
    return { sizeBytes: answer.ContentLength ?? 0, modifiedAtMs: answer.LastModified?.getTime() ?? 0 };
  });
  // Without a body the answer doesn't say whether it is the object or the whole bucket that is missing.
  if (head === undefined) await parts.seeBucket();
  return head;
}

async function seeBucket({ bucket, load, requests }: StoreParts): Promise<void> {
  const { sdk, client } = await load();
  const answer = await requests.ask(`look at bucket ${bucket}`, 0, (abortSignal) =>
    client.send(new sdk.HeadBucketCommand({ Bucket: bucket }), { abortSignal }),
  );
  if (answer === undefined) {
    throw toUnavailable(`look at bucket ${bucket}`, { kind: 'lasting', text: 'there is no such bucket' });
  }
}

/** One page after the other; S3 gives keys in the order of their bytes. */
async function* listObjects(
  parts: StoreParts,
  before: string,
  prefix: string,
): AsyncGenerator<ListedObject, void, undefined> {
  const { sdk, client } = await parts.load();
  let after: string | undefined;
  do {
    const page = { MaxKeys: parts.pageSize, ...(after === undefined ? {} : { ContinuationToken: after }) };
    const command = new sdk.ListObjectsV2Command({ Bucket: parts.bucket, Prefix: before + prefix, ...page });
    const answer = await parts.requests.ask(`list ${before}${prefix}`, 0, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    for (const { Key, Size, LastModified } of answer?.Contents ?? []) {
      const key = Key?.slice(before.length) ?? '';
      // Whatever else lies in the bucket, such as the "folders" that consoles make, is none of ours.
      if (isObjectKey(key)) yield { key, sizeBytes: Size ?? 0, modifiedAtMs: LastModified?.getTime() ?? 0 };
    }
    after = answer?.IsTruncated === true ? answer.NextContinuationToken : undefined;
  } while (after !== undefined);
}

/** A connection that ends early counts as an answer for some servers' proxies. */
function assertWhole(received: number, expected: number): void {
  if (received === expected) return;
  throw Object.assign(new Error(`${received} of ${expected} bytes came`), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
