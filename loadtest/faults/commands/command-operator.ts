import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { pickFrom } from './pick-from.ts';
import { type CommandRobot } from './command-robots.ts';
import { type CommandStack } from './command-stack.ts';

/** A command that the service took. */
export interface TakenCommand {
  readonly robot: CommandRobot;
  readonly commandId: string;
  readonly idempotent: boolean;
}

const requestTimeoutMs = 5_000;
const triesMax = 60;
const retryMs = 250;
const expiresInMs = 20_000;

/** Sends commands, stops and cancels to random robots, each until one of the instances has taken it. */
export async function sendCommands(
  stack: CommandStack,
  robots: readonly CommandRobot[],
  { count, everyMs, random }: { readonly count: number; readonly everyMs: number; readonly random: () => number },
): Promise<TakenCommand[]> {
  const taken: TakenCommand[] = [];
  const sending: Promise<void>[] = [];
  for (let n = 0; n < count; n += 1) {
    const robot = pickFrom(robots, random);
    const key = `${robot.robotId}.${n}`;
    const kind = random();
    const idempotent = random() < 0.3;
    const earlier = taken.filter((one) => one.robot === robot).at(-1);
    if (kind < 0.1) {
      const body = { action: 'stop', stop: true, commandId: key, expiresInMs };
      sending.push(send(stack, `/v1/robots/${robot.robotId}/commands`, body, key).then(note(robot, true)));
    } else if (kind < 0.25 && earlier !== undefined) {
      const path = `/v1/robots/${robot.robotId}/commands/${earlier.commandId}/cancel`;
      // Sent twice, it is one cancel: its id comes from the command's.
      sending.push(send(stack, path, {}, `cancel.${key}`).then(() => undefined));
    } else {
      const verify = { condition: { path: 'node', equals: key }, withinMs: 1_000 };
      const body = { action: 'move', commandId: key, idempotent, expiresInMs };
      const watched = robot.character === 'lying' ? { ...body, verify } : body;
      sending.push(send(stack, `/v1/robots/${robot.robotId}/commands`, watched, key).then(note(robot, idempotent)));
    }
    await sleep(everyMs * 2 * random());
  }
  await Promise.all(sending);
  return taken;

  function note(robot: CommandRobot, idempotent: boolean) {
    return (commandId: string) => {
      taken.push({ robot, commandId, idempotent });
    };
  }
}

/** Under one key until it is taken; nobody knows what came of a request that was not answered. */
async function send(stack: CommandStack, path: string, body: object, key: string): Promise<string> {
  const urls = stack.urlsOf('commands');
  for (let tries = 0; tries < triesMax; tries += 1) {
    const status = await post(`${urls[tries % urls.length] ?? ''}${path}`, stack.operatorToken, body, key);
    if (status === 202 || status === 200) return key;
    // It ended meanwhile, or the instance has not heard of it: not what this is about.
    if (path.endsWith('/cancel') && status !== undefined && status < 500) return key;
    if (status !== undefined && status < 500 && status !== 429) {
      throw new AppError('FS_INTERNAL', `${path} was answered ${status}`);
    }
    await sleep(retryMs);
  }
  throw new AppError('FS_NOT_READY', `${path}: nobody took it`);
}

async function post(url: string, token: string, body: object, key: string): Promise<number | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    // Killed while it answered, or not there: the next one is asked.
    return undefined;
  }
}
