import { AnswerReader } from './answer-reader.ts';
import { type FrameWriter } from './frame-writer.ts';

const describeTransactionsKey = 65;

/** DescribeTransactions 0: what the coordinator knows of one transactional id. */
export function writeDescribeTransactions(
  writer: FrameWriter,
  request: { readonly clientId: string | null; readonly transactionalId: string },
): Buffer {
  writer.begin({ apiKey: describeTransactionsKey, apiVersion: 0, clientId: request.clientId, flexible: true });
  writer.arrayLength(1);
  writer.string(request.transactionalId);
  writer.tags();
  return writer.end();
}

/** @returns the state's name, such as CompleteCommit; `undefined` where the coordinator tells none */
export function readDescribeTransactionsAnswer(bytes: Buffer): string | undefined {
  const reader = new AnswerReader(bytes, true);
  reader.int32();
  if (reader.arrayLength() === 0 || reader.int16() !== 0) return undefined;
  reader.string();
  return reader.string() ?? undefined;
}
