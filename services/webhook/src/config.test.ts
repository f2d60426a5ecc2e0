import { describeConfig, loadConfig } from '@fleetstream/config';
import { describe, expect, it } from 'vitest';
import { webhookConfig } from './config.ts';

const needed = {
  WEBHOOK_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
  KAFKA_BROKERS: 'a:9092, b:9092',
  REDIS_URL: 'redis://localhost:6379',
};
const load = (environment: Record<string, string>) =>
  loadConfig(webhookConfig, { ...needed, ...environment }, { prefix: 'WEBHOOK_' });

describe('webhookConfig', () => {
  it('has safe defaults for all but the key and the addresses', () => {
    const config = load({});
    expect(config).toMatchObject({
      WEBHOOK_HTTP_HOST: '127.0.0.1',
      WEBHOOK_KEY_VERSIONS: [1],
      KAFKA_BROKERS: ['a:9092', 'b:9092'],
    });
    expect(config.WEBHOOK_MASTER_KEY).toHaveLength(32);
  });

  it.each([
    { name: 'a key that is too short', environment: { WEBHOOK_MASTER_KEY: Buffer.alloc(31).toString('base64') } },
    { name: 'a key that is not base64', environment: { WEBHOOK_MASTER_KEY: 'hunter2!' } },
    { name: 'an event larger than a body', environment: { WEBHOOK_MAX_BODY_BYTES: '4096' } },
    { name: 'a body larger than what may be in flight', environment: { WEBHOOK_MAX_BODY_BYTES: '100000000' } },
    { name: 'key versions that are no numbers', environment: { WEBHOOK_KEY_VERSIONS: '1,two' } },
    { name: 'a Redis that is none', environment: { REDIS_URL: 'http://localhost' } },
    { name: 'a key that does not exist', environment: { WEBHOOK_MAX_BODY: '1' } },
  ])('refuses $name, without repeating the value', ({ environment }) => {
    expect(() => load(environment)).toThrow(/not valid/);
    expect(() => load(environment)).not.toThrow(/hunter2/);
  });

  it('describes every key and marks the secret one', () => {
    const keys = describeConfig(webhookConfig);
    expect(keys.filter(({ description }) => description === '')).toEqual([]);
    expect(keys.filter(({ secret }) => secret).map(({ key }) => key)).toEqual(['WEBHOOK_MASTER_KEY']);
  });
});
