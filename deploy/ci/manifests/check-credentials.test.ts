import { describe, expect, it } from 'vitest';
import { findCredentials } from './check-credentials.ts';

// Put together at run time: the tree may not hold anything that looks like a credential, this file included.
const repeat = (text: string, count: number) => text.repeat(count);

describe('findCredentials', () => {
  it.each([
    { name: 'a private key', text: ['-----BEGIN EC PRIVATE', 'KEY-----'].join(' '), what: 'a private key' },
    { name: 'a key of AWS', text: `AKIA${repeat('A1B2', 4)}`, what: 'a key of AWS' },
    { name: 'a token of GitHub', text: `ghp_${repeat('aB3', 12)}`, what: 'a token of GitHub' },
    { name: "a robot's secret", text: `whsec_${repeat('aB3d', 11)}`, what: "a robot's secret" },
    { name: 'a password in a URL', text: `redis://user:${repeat('pass', 2)}@redis:6379`, what: 'a password in a URL' },
    {
      name: 'a master key in a manifest',
      text: `WEBHOOK_MASTER_KEY=${repeat('aB3d', 11)}`,
      what: 'a secret with its value',
    },
    { name: 'a token in YAML', text: `PROCESSOR_API_TOKEN: '${repeat('0af1', 12)}'`, what: 'a secret with its value' },
  ])('finds $name, on its line', ({ text, what }) => {
    expect(findCredentials(`first line\n${text}\n`)).toEqual([{ line: 2, what }]);
  });

  it.each([
    { name: 'a reference to a secret', text: 'secretKeyRef: { name: fleetstream, key: WEBHOOK_MASTER_KEY }' },
    { name: 'a variable to fill in', text: 'PROCESSOR_API_TOKEN: ${PROCESSOR_API_TOKEN:?see README}' },
    { name: 'a URL with a variable as password', text: 'redis://user:${REDIS_PASSWORD}@redis:6379' },
    { name: 'a URL without a password', text: 'redis://redis:6379/0?x=a@b' },
  ])('passes $name', ({ text }) => {
    expect(findCredentials(text)).toEqual([]);
  });
});
