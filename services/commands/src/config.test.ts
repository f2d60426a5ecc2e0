import { loadConfig } from '@fleetstream/config';
import { describe, expect, it } from 'vitest';
import { commandsConfig } from './config.ts';

const given = {
  COMMANDS_MASTER_KEY: Buffer.alloc(32).toString('base64'),
  COMMANDS_JWT_SECRET: 'x'.repeat(32),
  KAFKA_BROKERS: 'localhost:9092',
  REDIS_URL: 'redis://localhost',
};
const load = (more: Record<string, string> = {}) =>
  loadConfig(commandsConfig, { ...given, ...more }, { prefix: 'COMMANDS_' });

describe('the configuration', () => {
  it('needs keys, a broker and a Redis, and nothing else', () => {
    expect(load()).toMatchObject({ COMMANDS_ALLOW_PRIVATE_CALLBACKS: false, COMMANDS_HISTORY_HOURS: 25 });
  });

  it.each([
    { name: 'two kinds of token keys', more: { COMMANDS_JWKS_URL: 'https://id.example.com/keys' }, problem: 'either' },
    { name: 'no token keys at all', more: { COMMANDS_JWT_SECRET: '' }, problem: 'either' },
    { name: 'a short secret', more: { COMMANDS_JWT_SECRET: 'short' }, problem: 'COMMANDS_JWT_SECRET' },
    {
      name: 'a wait longer than the gateway keeps a request',
      more: { COMMANDS_POLL_SECONDS_MAX: '56' },
      problem: 'POLL',
    },
  ])('refuses $name', ({ more, problem }) => {
    expect(() => load(more)).toThrow(problem);
  });
});
