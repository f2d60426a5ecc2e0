import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { countSession } from './session-outcome.ts';

const dir = mkdtempSync(join(tmpdir(), 'fs-session-'));

afterAll(() => {
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
      commandLatenciesMs: [],
    });
  });

  it('finds how long commands took, from orders, instant actions and the states that end them', async () => {
    const line = (topic: string, payload: unknown, second: number) =>
      JSON.stringify({ topic, payload: JSON.stringify(payload), timestamp: `2026-05-13T11:00:0${second}.000Z` });
    const ended = (id: string, state: string) => ({ actionState: { id, state }, actionStates: [{ id, state }] });
    const lines = [
      line('fts/v1/ff/a1/order', { orderId: 'o', nodes: [{ id: 'n', action: { id: 'dock' } }] }, 0),
      line('fts/v1/ff/a1/instantAction', { actions: [{ actionId: 'clear' }, { actionId: 'never' }] }, 1),
      line('fts/v1/ff/a1/state', ended('dock', 'RUNNING'), 2),
      line('fts/v1/ff/a1/state', ended('dock', 'FINISHED'), 4),
      line('fts/v1/ff/a1/state', ended('clear', 'FAILED'), 7),
      line('fts/v1/ff/a1/state', ended('clear', 'FAILED'), 9),
    ];
    const file = join(dir, 'commands.log');
    writeFileSync(file, lines.map((text) => `${text}\n`).join(''));
    expect((await countSession(file)).commandLatenciesMs).toEqual([4000, 6000]);
  });
});
