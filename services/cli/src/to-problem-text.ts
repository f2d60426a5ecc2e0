import { type Problem } from '@fleetstream/contracts';

/** A problem document for a person: what is wrong, and what to do. */
export function toProblemText(status: number, body: object): string {
  const { code, detail, title, hint } = body as Partial<Problem>;
  return [`${status} ${code ?? ''}: ${detail ?? title ?? ''}`, ...(hint ? [hint] : [])].join('\n');
}
