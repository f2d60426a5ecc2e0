import { type BucketLocationConstraint as S3Region } from '@aws-sdk/client-s3';
import { type ObjectStoreAccess } from './create-object-store-from-url.ts';
import { parseObjectStoreUrl } from './parse-object-store-url.ts';
import { loadS3Client } from './s3-client.ts';
import { createS3Requests } from './s3-requests.ts';

const timeoutMsDefault = 10_000;

/**
 * Makes the bucket that an `s3://` URL names, unless it is there. Safe to run again, and by several at once.
 *
 * @returns what was found; `'folder'` for a `file://` URL, which needs no preparation
 * @throws AppError FS_CONFIG_INVALID for the URL; FS_CHECKPOINT_STORE_UNAVAILABLE when the store refuses or is silent
 */
export async function ensureBucket(url: string, access: ObjectStoreAccess): Promise<'made' | 'there' | 'folder'> {
  const place = parseObjectStoreUrl(url);
  if (place.kind === 'file') return 'folder';
  const { sdk, client } = await loadS3Client({ ...place, ...access });
  const requests = createS3Requests({ timeoutMs: access.timeoutMs ?? timeoutMsDefault, log: access.log });
  try {
    // Only a HEAD's 404 says "no such object", so a bucket that is missing is `undefined` here.
    const head = new sdk.HeadBucketCommand({ Bucket: place.bucket });
    const found = await requests.ask('look for the bucket', 0, (late) => client.send(head, { abortSignal: late }));
    if (found !== undefined) return 'there';
    const create = new sdk.CreateBucketCommand({
      Bucket: place.bucket,
      // Amazon's oldest region is the one that may not be named.
      ...(place.region === 'us-east-1'
        ? {}
        : { CreateBucketConfiguration: { LocationConstraint: place.region as S3Region } }),
    });
    return (
      (await requests.ask('make the bucket', 0, async (late) => {
        try {
          await client.send(create, { abortSignal: late });
          return 'made';
        } catch (thrown) {
          if (thrown instanceof sdk.BucketAlreadyOwnedByYou) return 'there';
          throw thrown;
        }
      })) ?? 'there'
    );
  } finally {
    client.destroy();
  }
}
