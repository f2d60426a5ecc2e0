import { AppError } from '@fleetstream/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { countValue, flagValue, listValue, portValue, secretValue } from './config-values.ts';
import { describeConfig } from './describe-config.ts';
import { loadConfig } from './load-config.ts';

const schema = z.object({
  POD_PORT: portValue.default(8080).describe('Where it listens.'),
  POD_LIMIT: countValue.min(1).max(10).default(5).describe('How many.'),
  POD_FAST: flagValue.default(false).describe('Whether.'),
  POD_KEY: secretValue(z.string().min(4)).describe('Hush.'),
  BROKERS: listValue.describe('Where the log is.'),
});

const enough = { POD_KEY: 'abcd', BROKERS: 'a:1' };
const load = (environment: Record<string, string>) => loadConfig(schema, environment, { prefix: 'POD_' });

function problemsOf(environment: Record<string, string>): string {
  try {
    load(environment);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'FS_CONFIG_INVALID') return thrown.message;
    throw thrown;
  }
  return '';
}

describe('loadConfig', () => {
  it('takes defaults for what is absent', () => {
    expect(load(enough)).toEqual({ POD_PORT: 8080, POD_LIMIT: 5, POD_FAST: false, POD_KEY: 'abcd', BROKERS: ['a:1'] });
  });

  it.each([
    { name: 'a port', given: { POD_PORT: '0' }, want: { POD_PORT: 0 } },
    { name: 'an empty text counts as absent, not as 0', given: { POD_PORT: '' }, want: { POD_PORT: 8080 } },
    { name: 'blanks count as absent', given: { POD_LIMIT: '  ' }, want: { POD_LIMIT: 5 } },
    { name: 'yes is true', given: { POD_FAST: 'yes' }, want: { POD_FAST: true } },
    { name: '0 is false', given: { POD_FAST: '0' }, want: { POD_FAST: false } },
    { name: 'a list with blanks and a gap', given: { BROKERS: ' a:1, ,b:2 ' }, want: { BROKERS: ['a:1', 'b:2'] } },
    { name: 'keys of others are none of ours', given: { HOME: '/', OTHER_KEY: '1' }, want: {} },
  ])('reads $name', ({ given, want }) => {
    expect(load({ ...enough, ...given })).toMatchObject(want);
  });

  it.each([
    { name: 'a port that is too high', given: { POD_PORT: '65536' }, problem: 'POD_PORT' },
    { name: 'a fraction', given: { POD_LIMIT: '1.5' }, problem: 'POD_LIMIT' },
    { name: 'the number below the least', given: { POD_LIMIT: '0' }, problem: 'POD_LIMIT' },
    { name: 'a flag that is none', given: { POD_FAST: 'perhaps' }, problem: 'POD_FAST' },
    { name: 'a list of nothing', given: { BROKERS: ', ,' }, problem: 'BROKERS' },
    { name: 'a misspelt key', given: { POD_LIMITS: '3' }, problem: 'POD_LIMITS: no such key; did you mean POD_LIMIT?' },
  ])('refuses $name', ({ given, problem }) => {
    expect(problemsOf({ ...enough, ...given })).toContain(problem);
  });

  it('names all problems at once and no value', () => {
    const problems = problemsOf({ POD_KEY: 'xyz', POD_LIMIT: '99', POD_OOPS: 'qqq' });
    expect(problems.split('\n').slice(1)).toHaveLength(4);
    expect(problems).not.toMatch(/xyz|99|qqq/);
  });
});

describe('describeConfig', () => {
  it('tells of each key what a document needs', () => {
    expect(describeConfig(schema)).toEqual([
      { key: 'POD_PORT', description: 'Where it listens.', defaultText: '8080', required: false, secret: false },
      { key: 'POD_LIMIT', description: 'How many.', defaultText: '5', required: false, secret: false },
      { key: 'POD_FAST', description: 'Whether.', defaultText: 'false', required: false, secret: false },
      { key: 'POD_KEY', description: 'Hush.', defaultText: undefined, required: true, secret: true },
      { key: 'BROKERS', description: 'Where the log is.', defaultText: undefined, required: true, secret: false },
    ]);
  });
});
