import { type HttpAnswer } from './adapters/http-request.ts';
import { failRefused } from './cli-failure.ts';

/** @throws CliFailure 1 when the answer isn't the platform's */
export function readAnswerBody({ status, body }: HttpAnswer): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    // Something else answered: a proxy's page is worth its first line.
    parsed = undefined;
  }
  if (typeof parsed === 'object' && parsed !== null) return parsed;
  return failRefused(`The answer (${status}) is not the platform's: ${body.slice(0, 120).split('\n')[0] ?? ''}`);
}
