import { contentTypes } from '@fleetstream/contracts';
import { type Clock } from '@fleetstream/kernel';
import { type RobotKeys, signatureHeaders, signContent } from '@fleetstream/signing';
import { Pool } from 'undici';
import { type CommandGateway, type GivenCommand, type ToldCommand } from './command-gateway.ts';

export interface CommandGatewayOptions {
  readonly url: string;
  /** PEM of the only authority that is trusted; `undefined` for plain HTTP in tests. */
  readonly ca: string | undefined;
  /** Of an operator. */
  readonly token: string;
  readonly keys: RobotKeys;
  readonly clock: Clock;
  /** Goes into message ids. */
  readonly run: string;
  /** Robots that wait at once, at most: each waits on a connection of its own. */
  readonly pollsMax: number;
}

const operatorConnections = 8;
const timeoutMs = 15_000;
const pollTimeoutMs = 70_000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Over HTTPS with keep-alive. Robots that wait don't stand in the operators' way: each kind has its own connections. */
export function createUndiciCommandGateway(options: CommandGatewayOptions): CommandGateway {
  const { clock, keys, run } = options;
  const polls = createPool(options, options.pollsMax, pollTimeoutMs);
  const operators = createPool(options, operatorConnections, timeoutMs);
  const bearer = { authorization: `Bearer ${options.token}` };
  let pollsSent = 0;
  return {
    poll: async (robotId, waitSeconds, signal) => {
      const [secret] = keys.secretsOf(robotId);
      if (secret === undefined) return undefined;
      const path = `/v1/robots/${encodeURIComponent(robotId)}/commands?waitSeconds=${waitSeconds}`;
      pollsSent += 1;
      const id = `poll.${run}.${pollsSent}`;
      const timestamp = String(Math.floor(clock.nowMs() / 1000));
      const headers = {
        [signatureHeaders.id]: id,
        [signatureHeaders.timestamp]: timestamp,
        [signatureHeaders.signature]: signContent(secret, { id, timestamp, body: Buffer.from(path) }),
      };
      const answer = await send(polls, { method: 'GET', path, headers, signal });
      if (answer?.status !== 200) return undefined;
      return (answer.body as { readonly commands?: readonly GivenCommand[] } | null)?.commands;
    },
    request: async ({ robotId, key, ...body }) => {
      const answer = await send(operators, {
        method: 'POST',
        path: `/v1/robots/${encodeURIComponent(robotId)}/commands`,
        headers: { ...bearer, 'content-type': contentTypes.json, ...(key !== undefined && { 'idempotency-key': key }) },
        body: JSON.stringify(body),
      });
      if (answer === undefined || answer.status >= 500 || answer.status === 429) return undefined;
      const commandId = (answer.body as { readonly commandId?: unknown } | null)?.commandId;
      return answer.status === 202 && typeof commandId === 'string' ? { commandId } : 'refused';
    },
    get: async (commandId) => {
      const path = `/v1/commands/${encodeURIComponent(commandId)}`;
      const answer = await send(operators, { method: 'GET', path, headers: bearer });
      return answer?.status === 200 ? (answer.body as ToldCommand) : undefined;
    },
    close: async () => {
      await Promise.all([polls.destroy(), operators.destroy()]);
    },
  };
}

function createPool({ url, ca }: CommandGatewayOptions, connections: number, headersTimeout: number): Pool {
  return new Pool(new URL(url).origin, {
    connections,
    pipelining: 1,
    // Streams of one connection would all be lost with it, and robots don't share one.
    allowH2: false,
    connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
    headersTimeout,
    bodyTimeout: timeoutMs,
  });
}

/** `undefined`: no answer, or none that is JSON. */
async function send(pool: Pool, request: Parameters<Pool['request']>[0]): Promise<Answer | undefined> {
  try {
    const answer = await pool.request(request);
    return { status: answer.statusCode, body: JSON.parse(await answer.body.text()) as unknown };
  } catch {
    // Whoever asked counts it, and asks again.
    return undefined;
  }
}
