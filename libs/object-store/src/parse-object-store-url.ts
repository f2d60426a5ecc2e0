import { fileURLToPath } from 'node:url';
import { AppError } from '@fleetstream/kernel';
import { isObjectKey } from './object-key.ts';

export type ObjectStorePlace =
  | { readonly kind: 'file'; readonly dir: string }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      readonly prefix: string;
      readonly region: string;
      readonly endpoint?: string;
      readonly forcePathStyle?: boolean;
    };

const s3Parameters = ['endpoint', 'region', 'pathStyle'];

/**
 * Reads `file:///a/folder` or `s3://bucket/a/prefix?endpoint=http://host:port&region=us-east-1&pathStyle=true`. Without
 * an endpoint it is Amazon's S3; region `us-east-1` by default.
 *
 * @throws AppError FS_CONFIG_INVALID that says what is wrong and repeats nothing of the URL: somebody may have put
 * credentials into it, which belong elsewhere
 */
export function parseObjectStoreUrl(text: string): ObjectStorePlace {
  if (!URL.canParse(text)) throw wrong('it is no URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw wrong('credentials do not belong into it');
  if (url.protocol === 'file:') return { kind: 'file', dir: toFolder(url) };
  if (url.protocol !== 's3:') throw wrong('it must begin with file:// or s3://');
  if ([...url.searchParams.keys()].some((name) => !s3Parameters.includes(name))) {
    throw wrong(`its parameters can be ${s3Parameters.join(', ')}`);
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.host)) throw wrong('it names no bucket');
  const prefix = url.pathname.replace(/^\/|\/$/g, '');
  if (prefix !== '' && !isObjectKey(prefix)) throw wrong('its path must be names separated by "/"');
  const endpoint = url.searchParams.get('endpoint');
  const pathStyle = url.searchParams.get('pathStyle');
  if (pathStyle !== null && !['true', 'false'].includes(pathStyle)) throw wrong('pathStyle is true or false');
  return {
    kind: 's3',
    bucket: url.host,
    prefix,
    region: url.searchParams.get('region') ?? 'us-east-1',
    ...(endpoint === null ? {} : { endpoint: toEndpoint(endpoint) }),
    ...(pathStyle === null ? {} : { forcePathStyle: pathStyle === 'true' }),
  };
}

function toFolder(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (thrown) {
    throw new AppError('FS_CONFIG_INVALID', 'The object store URL is not valid: it names no folder of this machine', {
      cause: thrown,
    });
  }
}

function toEndpoint(text: string): string {
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  if (endpoint === undefined || !/^https?:$/.test(endpoint.protocol)) throw wrong('endpoint must be an http(s) URL');
  if (endpoint.username !== '' || endpoint.password !== '') throw wrong('credentials do not belong into its endpoint');
  return endpoint.href;
}

function wrong(what: string): AppError {
  return new AppError('FS_CONFIG_INVALID', `The object store URL is not valid: ${what}`);
}
