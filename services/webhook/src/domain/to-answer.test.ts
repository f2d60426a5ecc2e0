import { type EventResult } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { refuse } from './refusal.ts';
import { toAnswer, toHints, toRefusalAnswer } from './to-answer.ts';

const accepted: EventResult = { id: 'a', result: 'accepted' };
const duplicate: EventResult = { id: 'd', result: 'duplicate' };
const rejected: EventResult = { id: 'r', result: 'rejected', code: 'FS_EVENT_MALFORMED', detail: 'data: no' };
const retry: EventResult = { id: 't', result: 'retry', code: 'FS_BROKER_UNAVAILABLE', detail: 'away' };

describe('toAnswer', () => {
  it.each([
    { name: 'all accepted', results: [accepted, accepted], status: 202, again: false },
    { name: 'one accepted among rejected', results: [rejected, accepted], status: 202, again: false },
    { name: 'only duplicates', results: [duplicate], status: 202, again: false },
    { name: 'duplicates and what should be sent again', results: [duplicate, retry], status: 202, again: true },
    { name: 'all rejected', results: [rejected, rejected], status: 422, again: false, code: 'FS_EVENT_MALFORMED' },
    { name: 'all to be sent again', results: [retry], status: 503, again: true, code: 'FS_BROKER_UNAVAILABLE' },
    { name: 'rejected and again', results: [rejected, retry], status: 503, again: true, code: 'FS_BROKER_UNAVAILABLE' },
  ])('$name: $status', ({ results, status, again, code }) => {
    const answer = toAnswer(results, () => 'req');
    expect(answer).toMatchObject({ status, retry: again, body: { results } });
    expect(answer.code).toBe(code);
    if (code !== undefined) expect(answer.body).toMatchObject({ status, code, requestId: 'req' });
  });

  it.each([
    {
      name: 'the first that was rejected beside one that was not',
      results: [accepted, rejected, retry],
      named: rejected,
    },
    { name: 'none where all is well', results: [accepted, duplicate], named: undefined },
    { name: 'none where the answer itself says so', results: [rejected, rejected], named: undefined },
  ])('names for the log $name', ({ results, named }) => {
    expect(toAnswer(results, () => 'req').rejected).toEqual(named);
  });

  it('makes no request id where none is said', () => {
    toAnswer([accepted], () => {
      throw new Error('asked for a request id');
    });
  });
});

describe('toRefusalAnswer', () => {
  it.each([
    { code: 'FS_BODY_TOO_LARGE', status: 413, retry: false },
    { code: 'FS_OVERLOADED', status: 503, retry: true },
  ] as const)('$code: $status', ({ code, status, retry }) => {
    expect(toRefusalAnswer(refuse(code, 'so'), 'req')).toMatchObject({ status, retry, code, body: { detail: 'so' } });
  });
});

describe('toHints', () => {
  it.each([
    { name: 'nothing to say', folded: [], reportEveryMs: 0, clockOffsetSeconds: 4.9, says: {} },
    { name: 'a clock behind ours', folded: [], reportEveryMs: 0, clockOffsetSeconds: 5, says: { clockOffsetMs: 5000 } },
    {
      name: 'a clock days ahead',
      folded: [],
      reportEveryMs: 0,
      clockOffsetSeconds: -1_114_560.25,
      says: { clockOffsetMs: -1_114_560_250 },
    },
    {
      name: 'everything at once',
      folded: ['{"bootid":"b"}'],
      reportEveryMs: 1000,
      clockOffsetSeconds: 60,
      says: { folded: [{ bootid: 'b' }], reportEveryMs: 1000, clockOffsetMs: 60_000 },
    },
  ])('$name', ({ folded, reportEveryMs, clockOffsetSeconds, says }) => {
    expect(JSON.parse(`{"results":[]${toHints(folded, reportEveryMs, clockOffsetSeconds)}}`)).toEqual({
      results: [],
      ...says,
    });
  });
});
