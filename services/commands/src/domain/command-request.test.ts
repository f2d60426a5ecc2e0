import { describe, expect, it } from 'vitest';
import { parseCommandRequest, toRequestIdentity } from './command-request.ts';

const policy = { hazardousActions: new Set(['blast']) };
const parse = (body: unknown, idempotencyKey?: string) =>
  parseCommandRequest({ body, idempotencyKey, requestedBy: 'ada', toCommandId: (key) => `cmd-${key}`, policy });

describe('a request for a command', () => {
  it.each([
    { name: 'takes its id from the key', body: { action: 'go' }, key: 'k', commandId: 'cmd-k' },
    { name: 'takes the id it has', body: { action: 'go', commandId: 'mine' }, key: undefined, commandId: 'mine' },
    {
      name: 'takes the id it has before the key',
      body: { action: 'go', commandId: 'mine' },
      key: 'k',
      commandId: 'mine',
    },
  ])('$name', ({ body, key, commandId }) => {
    expect(parse(body, key)).toEqual({ kind: 'request', data: { action: 'go', commandId, requestedBy: 'ada' } });
  });

  it.each([
    { name: 'no key', body: { action: 'go' }, key: undefined, code: 'FS_IDEMPOTENCY_KEY_INVALID' },
    { name: 'an empty key', body: { action: 'go' }, key: '', code: 'FS_IDEMPOTENCY_KEY_INVALID' },
    { name: 'a key with a blank', body: { action: 'go' }, key: 'a b', code: 'FS_IDEMPOTENCY_KEY_INVALID' },
    {
      name: 'a key of 256 characters',
      body: { action: 'go' },
      key: 'k'.repeat(256),
      code: 'FS_IDEMPOTENCY_KEY_INVALID',
    },
    {
      name: 'somebody else as its sender',
      body: { action: 'go', requestedBy: 'eve' },
      key: 'k',
      code: 'FS_COMMAND_MALFORMED',
    },
    { name: 'a task of its own', body: { action: 'go', taskId: 't' }, key: 'k', code: 'FS_COMMAND_MALFORMED' },
    { name: 'a hazard as a stop', body: { action: 'blast', stop: true }, key: 'k', code: 'FS_COMMAND_MALFORMED' },
    {
      name: 'a stop that waits',
      body: { action: 'stop', stop: true, needsApproval: true },
      key: 'k',
      code: 'FS_COMMAND_MALFORMED',
    },
    { name: 'nothing', body: undefined, key: 'k', code: 'FS_COMMAND_MALFORMED' },
  ])('is refused with $name', ({ body, key, code }) => {
    expect(parse(body, key)).toMatchObject({ kind: 'refused', code });
  });
});

it.each([
  { name: 'what is hazardous needs an approval', body: { action: 'blast', needsApproval: false }, needsApproval: true },
  { name: 'what is not may ask for one', body: { action: 'go', needsApproval: true }, needsApproval: true },
  { name: 'what is not needs none', body: { action: 'go' }, needsApproval: undefined },
])('$name', ({ body, needsApproval }) => {
  const parsed = parse(body, 'k');
  expect(parsed.kind === 'request' ? parsed.data.needsApproval : parsed).toBe(needsApproval);
});

describe('two requests are the same', () => {
  const identity = (body: object) => {
    const parsed = parse(body, 'k');
    return parsed.kind === 'request' ? toRequestIdentity('r', parsed.data) : expect.unreachable();
  };
  const first = { action: 'go', parameters: { a: 1, b: { c: 2, d: [1, 2] } } };

  it.each([
    {
      name: 'with their parameters in another order',
      body: { action: 'go', parameters: { b: { d: [1, 2], c: 2 }, a: 1 } },
      same: true,
    },
    { name: 'with another reason', body: { ...first, reason: 'x' }, same: true },
    { name: 'with the default expiry spelt out', body: { ...first, expiresInMs: 300_000 }, same: true },
    { name: 'not with another expiry', body: { ...first, expiresInMs: 300_001 }, same: false },
    {
      name: 'not with a list in another order',
      body: { action: 'go', parameters: { a: 1, b: { c: 2, d: [2, 1] } } },
      same: false,
    },
    {
      name: 'with all defaults spelt out',
      body: { ...first, idempotent: false, triesMax: 1, priority: 'normal' },
      same: true,
    },
    ...[
      { idempotent: true },
      { triesMax: 2 },
      { priority: 'urgent' },
      { notBeforeMs: 1 },
      { after: { commandId: 'c', on: 'end' } },
      { when: { path: 'driving', equals: false } },
      { require: { path: 'mode', equals: 'AUTOMATIC' } },
      { ifEpoch: 0 },
      { verify: { condition: { path: 'node', equals: 'n' }, withinMs: 1 } },
      { needsApproval: true },
      { stop: true },
    ].map((more) => ({ name: `not with ${Object.keys(more).join()}`, body: { ...first, ...more }, same: false })),
    { name: 'not with another action', body: { ...first, action: 'stop' }, same: false },
  ])('$name', ({ body, same }) => {
    expect(identity(body) === identity(first)).toBe(same);
  });
});
