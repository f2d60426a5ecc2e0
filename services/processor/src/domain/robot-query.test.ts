import { describe, expect, it } from 'vitest';
import { parseCursor, toCursor } from './robot-cursor.ts';
import { parseCapsuleQuery, parseListQuery, parseRobotQuery } from './robot-query.ts';

describe('parseListQuery', () => {
  it('asks for all robots when nothing is chosen', () => {
    expect(parseListQuery({ partition: '2' })).toEqual({
      partition: 2,
      minOffset: undefined,
      waitMs: 2000,
      page: undefined,
    });
  });

  it('asks for a page when anything is', () => {
    expect(parseListQuery({ status: 'online,offline', batteryBelow: '20', retired: 'false' }).page).toEqual({
      filter: { status: ['online', 'offline'], batteryBelow: 20, retired: false },
      limit: 100,
      afterRobotId: undefined,
    });
  });

  it('asks for the robots that are named, each once, and for nothing else', () => {
    const named = { filter: {}, limit: 2, afterRobotId: undefined, ids: ['r-1', 'site:r-2'] };
    expect(parseListQuery({ ids: 'r-1,site:r-2,r-1' }).page).toEqual(named);
  });

  it('goes on where a cursor says, with the same filter', () => {
    const filter = { text: 'a' };
    const cursor = toCursor('r-9', filter);
    expect(parseListQuery({ cursor, text: 'a', limit: '5' }).page).toEqual({ filter, limit: 5, afterRobotId: 'r-9' });
    expect(() => parseListQuery({ cursor, text: 'b' })).toThrow('cursor: it belongs to another filter');
    expect(() => parseCursor('rubbish', {})).toThrow('cursor: not one that was given');
  });

  it.each([
    { query: { limit: '0' }, says: 'limit' },
    { query: { limit: '1001' }, says: 'limit' },
    { query: { errorLevel: 'BAD' }, says: 'errorLevel' },
    { query: { retired: 'maybe' }, says: 'retired' },
    { query: { minOffset: '5' }, says: 'minOffset: goes with partition' },
    { query: { waitMs: '9000', partition: '0', minOffset: '1' }, says: 'waitMs' },
    { query: { batery: '5' }, says: 'batery' },
    { query: { ids: 'r-1,' }, says: 'ids' },
    { query: { ids: 'r-1', status: 'online' }, says: 'ids: not with limit, cursor or a filter' },
    { query: { ids: Array.from({ length: 1001 }, (_, at) => `r-${at}`).join(',') }, says: 'ids' },
  ])('refuses $query', ({ query, says }) => {
    expect(() => parseListQuery(query)).toThrow(says);
  });
});

describe('parseRobotQuery', () => {
  it.each([
    { at: '17', moment: { kind: 'offset', offset: 17 } },
    { at: '2026-01-02T03:04:05Z', moment: { kind: 'time', timeMs: Date.UTC(2026, 0, 2, 3, 4, 5) } },
    { at: '2026-01-02T03:04:05.5+01:00', moment: { kind: 'time', timeMs: Date.UTC(2026, 0, 2, 2, 4, 5, 500) } },
  ])('reads $at', ({ at, moment }) => {
    expect(parseRobotQuery({ at }).at).toEqual(moment);
  });

  it.each(['yesterday', '2026-01-02', '2026-01-02T03:04:05', '-1', '2026-13-02T03:04:05Z'])('refuses %s', (at) => {
    expect(() => parseRobotQuery({ at })).toThrow('at: an offset, or an RFC 3339 time');
  });

  it('refuses both a moment of the past and a wait', () => {
    expect(() => parseRobotQuery({ at: '1', minOffset: '2' })).toThrow('minOffset: not with at');
  });
});

it('reads where a capsule begins and ends', () => {
  expect(parseCapsuleQuery({ from: '3' })).toEqual({ from: { kind: 'offset', offset: 3 }, to: undefined });
  expect(() => parseCapsuleQuery({ to: '3' })).toThrow('from');
});
