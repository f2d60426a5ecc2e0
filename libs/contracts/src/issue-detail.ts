import { type z } from 'zod';

/** Longest detail about a field, in UTF-16 units; it goes into answers, logs and dead letters. */
const detailMax = 200;

/** The first problem of a failed parse as `path: problem`, bounded, without the value. */
export function toIssueDetail(error: z.ZodError, prefix = ''): string {
  const issue = error.issues[0];
  if (issue === undefined) return `${prefix}: does not fit`;
  const path = [prefix, ...issue.path.map(String)].filter((part) => part !== '').join('.');
  return truncate(`${path === '' ? 'event' : path}: ${issue.message}`);
}

/** Cuts a text to what a detail may hold. */
export function truncate(text: string, max = detailMax): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
