import { loadConfig } from '@fleetstream/config';
import { toMessage } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { processorConfig } from './config.ts';

const enough = {
  PROCESSOR_API_TOKEN: 'a-token-for-tests-only',
  PROCESSOR_STATE_DIR: '/state',
  PROCESSOR_CHECKPOINT_URL: 's3://fleet/checkpoints?region=eu-central-1',
  KAFKA_BROKERS: '127.0.0.1:9092',
};
const load = (environment: Record<string, string>) =>
  loadConfig(processorConfig, { ...enough, ...environment }, { prefix: 'PROCESSOR_' });

describe('the configuration of a processor', () => {
  it.each([
    { name: 'a bucket, with the credentials of the machine', given: {} },
    { name: 'a folder', given: { PROCESSOR_CHECKPOINT_URL: 'file:///checkpoints' } },
    {
      name: 'a bucket with credentials of its own',
      given: { PROCESSOR_S3_ACCESS_KEY_ID: 'id', PROCESSOR_S3_SECRET_ACCESS_KEY: 'secret' },
    },
  ])('takes $name', ({ given }) => {
    expect(load(given)).toMatchObject({ ...enough, KAFKA_BROKERS: ['127.0.0.1:9092'], ...given });
  });

  it.each([
    { name: 'a key id without its secret', given: { PROCESSOR_S3_ACCESS_KEY_ID: 'hush' }, problem: 'come together' },
    { name: 'a secret without its id', given: { PROCESSOR_S3_SECRET_ACCESS_KEY: 'hush' }, problem: 'come together' },
    {
      name: 'credentials in the URL',
      given: { PROCESSOR_CHECKPOINT_URL: 's3://id:hush@fleet' },
      problem: 'PROCESSOR_CHECKPOINT_URL: The object store URL is not valid: credentials do not belong into it',
    },
  ])('refuses $name and repeats no secret', ({ given, problem }) => {
    let problems = '';
    try {
      load(given);
    } catch (thrown) {
      problems = toMessage(thrown);
    }
    expect(problems).toContain(problem);
    expect(problems).not.toContain('hush');
  });
});
