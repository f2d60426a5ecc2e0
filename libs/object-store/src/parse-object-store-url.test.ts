import { AppError } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { parseObjectStoreUrl } from './parse-object-store-url.ts';

const local = 'endpoint=http%3A%2F%2F127.0.0.1%3A9000';

describe('parseObjectStoreUrl', () => {
  it.each([
    { name: 'a folder', text: 'file:///var/lib/a%20b', place: { kind: 'file', dir: '/var/lib/a b' } },
    {
      name: 'a bucket of Amazon',
      text: 's3://fleet',
      place: { kind: 's3', bucket: 'fleet', prefix: '', region: 'us-east-1' },
    },
    {
      name: 'a prefix, with or without a slash behind it',
      text: 's3://fleet/a/b/?region=eu-central-1',
      place: { kind: 's3', bucket: 'fleet', prefix: 'a/b', region: 'eu-central-1' },
    },
    {
      name: 'another server',
      text: `s3://fleet?${local}&pathStyle=false`,
      place: {
        ...{ kind: 's3', bucket: 'fleet', prefix: '', region: 'us-east-1' },
        ...{ endpoint: 'http://127.0.0.1:9000/', forcePathStyle: false },
      },
    },
  ])('reads $name', ({ text, place }) => {
    expect(parseObjectStoreUrl(text)).toEqual(place);
  });

  it.each([
    { name: 'no URL', text: 'hush' },
    { name: 'another scheme', text: 'https://hush/a' },
    { name: 'a folder of another machine', text: 'file://hush/a' },
    { name: 'no bucket', text: 's3:///hush' },
    { name: 'a bucket that is none', text: 's3://HUSH_hush/a' },
    { name: 'a prefix that leads out', text: 's3://fleet/hush//b' },
    { name: 'an unknown parameter', text: 's3://fleet?hush=1' },
    { name: 'credentials as a parameter', text: 's3://fleet?secretAccessKey=hush' },
    { name: 'credentials before the bucket', text: 's3://key:hush@fleet' },
    { name: 'credentials in the endpoint', text: 's3://fleet?endpoint=http%3A%2F%2Fkey%3Ahush%40127.0.0.1' },
    { name: 'an endpoint that is no URL', text: 's3://fleet?endpoint=hush' },
    { name: 'an endpoint of another scheme', text: 's3://fleet?endpoint=ftp%3A%2F%2Fhush' },
    { name: 'a path style that is neither', text: 's3://fleet?pathStyle=hush' },
  ])('refuses $name and repeats none of it', ({ text }) => {
    let message = '';
    try {
      parseObjectStoreUrl(text);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'FS_CONFIG_INVALID') message = thrown.message;
    }
    expect(message).toMatch(/^The object store URL is not valid: /);
    expect(message).not.toMatch(/hush/i);
  });
});
