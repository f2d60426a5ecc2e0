import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { countSession } from './check-session.ts';

const dir = mkdtempSync(join(tmpdir(), 'fs-session-'));

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('countSession', () => {
  it('counts states of transport robots, exact repeats and collisions, and leaves the first line out', async () => {
    const state = (errors: string) =>
      JSON.stringify({ topic: 'fts/v1/ff/a1/state', payload: `{"errors":[${errors}]}`, timestamp: 't' });
    const pairing = JSON.stringify({ topic: 'ccu/pairing/state', payload: '{}', timestamp: 't' });
    const lines = ['{"_kind":"session_meta"}', state(''), state('{"errorType":"COLLISION"}'), pairing, pairing];
    const file = join(dir, 'session.log');
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    expect(await countSession(file)).toEqual({
      agvStates: new Map([['a1', 2]]),
      exactDuplicateLines: 1,
      collisionWarnings: 1,
      largestPayloadBytes: 38,
    });
  });
});
