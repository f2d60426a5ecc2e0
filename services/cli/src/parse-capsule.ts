import { createHash } from 'node:crypto';
import { type Capsule, capsuleSchema } from '@fleetstream/contracts';
import { failRefused } from './cli-failure.ts';

/** @throws CliFailure 1 for what is no capsule, or one that was changed since it was made */
export function parseCapsule(text: string): Capsule {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return failRefused('That is no capsule: it is not JSON.');
  }
  const checked = capsuleSchema.safeParse(parsed);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return failRefused(`That is no capsule: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  // The hash is of the text as it came: what the schema doesn't know counts as well.
  const { content } = parsed as { content: unknown };
  const sha256 = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  if (sha256 === checked.data.sha256) return checked.data;
  return failRefused(`The capsule was changed since it was made: it hashes to ${sha256}, not ${checked.data.sha256}.`);
}
