import { gunzipSync } from 'node:zlib';
import { contentTypes, decodeFleetRecord } from '@fleetstream/contracts';
import { compileEventChecks } from '@fleetstream/contracts/compile-event-checks';
import { describe, expect, it } from 'vitest';
import { checkEvents } from '../../../../services/webhook/src/domain/check-events.ts';
import { parseBody } from '../../../../services/webhook/src/domain/parse-body.ts';
import { generateOddBodies, listOddBodies, type OddBody } from './json-bodies.ts';

const checks = compileEventChecks();
const maxEventBytes = 256 * 1024;
const limits = { maxEvents: 500, maxEventBytes, maxJsonDepth: 64, maxTextBytes: 256 * 1024 };

/** What a pod would make of a body, by outcome; what it would write to the log is read as the processor does. */
function judge({ contentType, encoding, body: sent, robotId }: OddBody, index: number): string[] {
  if (encoding !== undefined && encoding !== 'gzip') return [];
  const body = inflate(sent, encoding);
  if (body === undefined) return ['not inflated'];
  const parsed = parseBody({ 'content-type': contentType }, body, limits);
  if (parsed.kind === 'refused') return [parsed.code];
  const sender = { kind: 'robot', id: robotId } as const;
  const webhookId = `msg_${index}`;
  const checked = checkEvents(parsed, { sender, checks, webhookId, body, maxEventBytes, maySendFor: () => false });
  expect(checked).toHaveLength(parsed.events.length);
  return checked.map((event) => {
    if (event.kind === 'repeated') return event.kind;
    if (event.kind === 'rejected') return event.result.code ?? 'no reason';
    const record = decodeFleetRecord({ value: event.value, key: robotId, contentType: contentTypes.cloudEvent });
    expect(record, event.value.toString()).toMatchObject({ kind: 'input', key: robotId, input: { id: event.id } });
    return 'accepted';
  });
}

function inflate(body: Buffer, encoding: string | undefined): Buffer | undefined {
  if (encoding === undefined) return body;
  try {
    return gunzipSync(body, { maxOutputLength: 1024 * 1024 });
  } catch {
    return undefined;
  }
}

describe('odd bodies', () => {
  const seed = 20;
  const count = 3000;
  const outcomes = [...listOddBodies(), ...generateOddBodies(seed, count)].flatMap(judge);
  const share = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length / outcomes.length;

  it('are all judged, and whatever is accepted can be read from the log', () => {
    expect(outcomes).not.toContain('no reason');
    expect(outcomes.length).toBeGreaterThan(count);
  });

  it.each(['accepted', 'FS_EVENT_MALFORMED'])('go far enough: a fifth of them and more are %s', (outcome) => {
    expect(share(outcome)).toBeGreaterThan(0.2);
  });

  it.each([
    ...['FS_BODY_UNREADABLE', 'FS_BODY_NOT_UTF8', 'FS_BODY_EMPTY', 'FS_BODY_BYTE_ORDER_MARK', 'FS_BATCH_TOO_LONG'],
    ...['FS_CONTENT_TYPE_UNSUPPORTED', 'FS_JSON_TOO_DEEP', 'FS_JSON_NUMBER_UNSAFE', 'FS_JSON_TEXT_UNSAFE'],
    ...['FS_JSON_TEXT_TOO_LONG', 'FS_JSON_KEY_REPEATED', 'FS_EVENT_TOO_LARGE', 'FS_ROBOT_MISMATCH'],
    ...['FS_EVENT_TYPE_UNKNOWN', 'not inflated'],
  ])('reach every refusal: %s', (outcome) => {
    expect(outcomes).toContain(outcome);
  });
});
