import { toMessage } from '@fleetstream/kernel';
import { type RobotIdentity } from './fleet-source.ts';

const perRequest = 500;
const tries = 60;
const waitMs = 500;

/**
 * Makes the robots known to the Robot Platform, in bulk. The platform may still be starting: it is asked again for half a
 * minute. Enrolling twice is harmless.
 *
 * @throws when the platform refuses or can't be reached
 */
export async function enrolRobots(
  platformUrl: string,
  robots: readonly RobotIdentity[],
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < robots.length; first += perRequest) {
    const batch = robots.slice(first, first + perRequest).map(({ robotId, ...rest }) => ({ id: robotId, ...rest }));
    await postBatch(new URL('/robots', platformUrl), JSON.stringify({ robots: batch }), sleep);
  }
}

async function postBatch(url: URL, body: string, sleep: (ms: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const problem = await tryPost(url, body);
    if (problem === undefined) return;
    if (problem.final || attempt === tries) throw new Error(`${url.href}: ${problem.text}`);
    await sleep(waitMs);
  }
}

async function tryPost(
  url: URL,
  body: string,
): Promise<{ readonly text: string; readonly final: boolean } | undefined> {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(5000) });
    const text = await answer.text();
    return answer.ok ? undefined : { text: `${answer.status} ${text.slice(0, 200)}`, final: answer.status < 500 };
  } catch (thrown) {
    return { text: toMessage(thrown), final: false };
  }
}
