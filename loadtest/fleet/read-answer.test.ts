import { describe, expect, it } from 'vitest';
import { type GatewayAnswer } from './gateway.ts';
import { readAnswer } from './read-answer.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const ids = ['a', 'b'];

function answer(status: number, body: unknown, retryAfter?: string): GatewayAnswer {
  return { kind: 'answer', status, retryAfter, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

const results = [
  { id: 'a', result: 'accepted' },
  { id: 'b', result: 'rejected', code: 'FS_EVENT_MALFORMED' },
];

describe('readAnswer', () => {
  it.each([
    { name: 'a 202 speaks for each event', given: answer(202, { results }), verdicts: 'accepted FS_EVENT_MALFORMED' },
    {
      name: 'a 422 with results speaks for each event',
      given: answer(422, { results }),
      verdicts: 'accepted FS_EVENT_MALFORMED',
    },
    {
      name: 'a 503 with results speaks for each event',
      given: answer(
        503,
        {
          results: [
            { id: 'a', result: 'retry' },
            { id: 'b', result: 'rejected', code: 'X' },
          ],
        },
        '2',
      ),
      verdicts: 'retry X',
      retryAfterMs: 2000,
    },
    {
      name: 'results in another order are told apart by id',
      given: answer(202, {
        results: [
          { id: 'b', result: 'duplicate' },
          { id: 'a', result: 'accepted' },
        ],
      }),
      verdicts: 'accepted duplicate',
    },
    {
      name: 'an event that results leave out is unknown',
      given: answer(202, { results: results.slice(0, 1) }),
      verdicts: 'accepted retry',
    },
    {
      name: 'a result of a later contract is no acknowledgement',
      given: answer(202, {
        results: [
          { id: 'a', result: 'archived' },
          { id: 'b', result: 'accepted' },
        ],
      }),
      verdicts: 'retry accepted',
    },
    { name: 'a 202 without results acknowledges nothing', given: answer(202, ''), verdicts: 'retry retry' },
    { name: 'no answer is unknown', given: { kind: 'lost', reason: 'reset' } as const, verdicts: 'retry retry' },
    { name: 'a 503 page of a proxy is unknown', given: answer(503, '<html>'), verdicts: 'retry retry' },
    { name: 'a 500 is unknown', given: answer(500, { code: 'FS_INTERNAL' }), verdicts: 'retry retry' },
    { name: 'a 408 is sent again', given: answer(408, { code: 'FS_BODY_TIMEOUT' }), verdicts: 'retry retry' },
    {
      name: 'a 429 is sent again when it says',
      given: answer(429, {}, '7'),
      verdicts: 'retry retry',
      retryAfterMs: 7000,
    },
    { name: 'a 413 is split', given: answer(413, { code: 'FS_BODY_TOO_LARGE' }), verdicts: 'retry retry', split: true },
    {
      name: 'a 400 is split',
      given: answer(400, { code: 'FS_BODY_UNREADABLE' }),
      verdicts: 'retry retry',
      split: true,
    },
    {
      name: 'a 401 refuses all: no part of the body is at fault',
      given: answer(401, { code: 'FS_SIGNATURE_INVALID' }),
      verdicts: 'FS_SIGNATURE_INVALID FS_SIGNATURE_INVALID',
    },
    {
      name: 'a refusal without a code is named by its status',
      given: answer(404, 'no'),
      verdicts: 'HTTP_404 HTTP_404',
    },
  ])('$name', ({ given, verdicts, split = false, retryAfterMs }) => {
    const reading = readAnswer(given, ids, nowMs);
    const said = reading.verdicts.map((verdict) => (verdict.result === 'rejected' ? verdict.code : verdict.result));
    expect({ said: said.join(' '), split: reading.split, retryAfterMs: reading.retryAfterMs }).toEqual({
      said: verdicts,
      split,
      retryAfterMs,
    });
  });

  it('rejects a lone event where a batch would be split', () => {
    const { verdicts, split } = readAnswer(answer(413, { code: 'FS_BODY_TOO_LARGE' }), ['a'], nowMs);
    expect({ verdicts, split }).toEqual({
      verdicts: [{ result: 'rejected', code: 'FS_BODY_TOO_LARGE' }],
      split: false,
    });
  });

  it.each([
    { name: 'a date', header: 'Thu, 01 Jan 2026 00:00:05 GMT', ms: 5000 },
    { name: 'a date that has passed', header: 'Wed, 31 Dec 2025 00:00:00 GMT', ms: 0 },
    { name: 'an hour, honoured up to a minute', header: '3600', ms: 60_000 },
    { name: 'nonsense', header: 'soon', ms: undefined },
  ])('reads Retry-After: $name', ({ header, ms }) => {
    expect(readAnswer(answer(503, {}, header), ids, nowMs).retryAfterMs).toBe(ms);
  });
});
