import { randomUUID } from 'node:crypto';
import { type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type RobotKeys, signatureHeaders, signContent } from '@fleetstream/signing';
import { type CommandsPort } from '../http/carry-commands.ts';

/** What came of asking: `skipped` when too much was asked already, or the service failed a moment ago. */
export type CommandsOutcome = 'commands' | 'none' | 'failed' | 'skipped';

export interface CommandServiceOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly keys: RobotKeys;
  readonly clock: Clock;
  readonly log: Log;
  readonly onOutcome: (outcome: CommandsOutcome) => void;
}

/** Requests at once at most; robots beyond it are told that commands are due, and ask by themselves. */
const inFlightMax = 64;
/** After a failure nobody's answer waits for the service for so long. */
const restMs = 1000;
/** A robot has 64 open commands at most, of 64 KiB each at most. */
const answerBytesMax = 8 * 1024 * 1024;
const none = '{"commands":[]}';

/**
 * Polls the command service in a robot's place, by the robot's own long poll without a wait and under its own key, which
 * pods can derive. So all that holds for a poll holds here: the log's grant comes first, and who is revoked gets nothing.
 */
export function createCommandService(options: CommandServiceOptions): CommandsPort {
  const { clock, log, onOutcome } = options;
  let inFlight = 0;
  let restUntilMs = -Infinity;
  return {
    fetch: async (robotId, accept) => {
      const [secret] = options.keys.secretsOf(robotId);
      if (secret === undefined || inFlight >= inFlightMax || clock.monotonicMs() < restUntilMs) {
        onOutcome('skipped');
        return undefined;
      }
      inFlight += 1;
      try {
        const text = await poll(options, robotId, { secret, accept });
        onOutcome(text === none ? 'none' : 'commands');
        return text === none ? '' : `,${text.slice(1, -1)}`;
      } catch (thrown) {
        onOutcome('failed');
        restUntilMs = clock.monotonicMs() + restMs;
        log.debug({ robotId, reason: toMessage(thrown) }, 'no commands were got for an answer');
        return undefined;
      } finally {
        inFlight -= 1;
      }
    },
  };
}

async function poll(
  { url, timeoutMs, clock }: CommandServiceOptions,
  robotId: string,
  { secret, accept }: { readonly secret: Parameters<typeof signContent>[0]; readonly accept: string | undefined },
): Promise<string> {
  const base = url.endsWith('/') ? url : `${url}/`;
  const target = new URL(`v1/robots/${encodeURIComponent(robotId)}/commands?waitSeconds=0`, base);
  const id = `carried.${randomUUID()}`;
  const timestamp = String(Math.floor(clock.nowMs() / 1000));
  const body = Buffer.from(target.pathname + target.search);
  const answer = await fetch(target, {
    headers: {
      [signatureHeaders.id]: id,
      [signatureHeaders.timestamp]: timestamp,
      [signatureHeaders.signature]: signContent(secret, { id, timestamp, body }),
      accept: accept ?? '*/*',
    },
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
  });
  if (answer.status !== 200 || Number(answer.headers.get('content-length') ?? 0) > answerBytesMax) {
    await answer.body?.cancel();
    throw new Error(`the command service answered ${answer.status}`);
  }
  const text = (await answer.text()).trim();
  // It is put into the answer unread: a proxy's page must not get there.
  if (answer.headers.get('content-type')?.includes('json') !== true || !/^\{"[^]*\}$/.test(text)) {
    throw new Error('the command service answered with no JSON object');
  }
  return text;
}
