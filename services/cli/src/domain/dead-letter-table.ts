import { type DeadLetter, readEventName } from './dead-letter.ts';
import { toColumns } from './to-columns.ts';

const headings = ['LETTER', 'TIME (UTC)', 'ROBOT', 'REASON', 'STEP', 'EVENT', 'ORIGIN', 'REDRIVES', 'DETAIL'] as const;
const detailCharsMax = 60;

/** One line per letter, in columns. */
export function toDeadLetterTable(letters: readonly DeadLetter[]): string[] {
  return toColumns(headings, letters.map(toRow));
}

/** A letter for programs, without what it holds. */
export function toLetterLine(letter: DeadLetter): Record<string, unknown> {
  const { place, atMs, robotId, reason, step, detail, origin, value, redrives } = letter;
  return {
    letter: place,
    time: new Date(atMs).toISOString(),
    ...{ robotId, reason, step, detail, origin },
    event: readEventName(letter),
    ...{ valueBytes: value?.length ?? null, redrives },
  };
}

/** Everything of a letter: text where the bytes are text, base64 where they aren't. */
export function toLetterDocument(letter: DeadLetter): Record<string, unknown> {
  const headers = Object.fromEntries(Object.entries(letter.headers).map(([name, value]) => [name, toText(value)]));
  const { value } = letter;
  if (value === null) return { ...toLetterLine(letter), headers, value: null };
  const text = toText(value);
  return {
    ...toLetterLine(letter),
    headers,
    ...(text === undefined ? { valueBase64: value.toString('base64') } : { value: text }),
  };
}

function toRow(letter: DeadLetter): string[] {
  const { place, atMs, robotId, reason, step, detail, origin, redrives } = letter;
  const { id, type } = readEventName(letter);
  return [
    place,
    new Date(atMs).toISOString().slice(0, 19).replace('T', ' '),
    toPrintable(robotId ?? '-'),
    reason,
    step,
    toPrintable([type, id].filter((part) => part !== undefined).join(' ') || '-'),
    `${origin.partition}/${origin.offset}`,
    String(redrives),
    toPrintable(detail.length > detailCharsMax ? `${detail.slice(0, detailCharsMax - 1)}…` : detail),
  ];
}

/** Poison is whatever somebody wrote into the log: a terminal must not be told what to do by it. */
function toPrintable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '\ufffd');
}

function toText(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
