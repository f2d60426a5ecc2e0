import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';
import { type Random } from '../../fleet/seeded-random.ts';
import { pickFrom } from './pick-from.ts';
import { type CommandRobot } from './command-robots.ts';
import { type CommandStack } from './command-stack.ts';

/** A command that the service took. */
export interface TakenCommand {
  readonly robot: CommandRobot;
  readonly commandId: string;
  readonly kind: 'move' | 'stop' | 'cancel';
  readonly idempotent: boolean;
  /** What a cancel is to undo. */
  readonly target?: string;
}

export interface SendOptions {
  readonly count: number;
  readonly everyMs: number;
  readonly random: Random;
}

const requestTimeoutMs = 5_000;
const triesMax = 60;
const retryMs = 250;
const expiresInMs = 5_000;
/** In the robot's log time, from its SUCCEEDED on. */
const shownWithinMs = 1_000;
/** Several for one robot at once, so that some have to wait there. */
const burst = { share: 0.2, commands: 4 } as const;
const stopShare = 0.1;
const cancelShare = 0.15;
const idempotentShare = 0.3;

/** Sends commands, stops and cancels to random robots, each until one of the instances has taken it. */
export async function sendCommands(
  stack: CommandStack,
  robots: readonly CommandRobot[],
  { count, everyMs, random }: SendOptions,
): Promise<TakenCommand[]> {
  const taken: TakenCommand[] = [];
  const sending: Promise<void>[] = [];
  let robot = pickFrom(robots, random);
  let left = 0;
  for (let n = 0; n < count; n += 1) {
    if (left === 0) {
      robot = pickFrom(robots, random);
      left = random() < burst.share ? burst.commands : 1;
      await sleep(everyMs * 2 * left * random());
    }
    left -= 1;
    const wanted = chooseCommand(robot, `${robot.robotId}.${n}`, taken, random);
    sending.push(
      sendOne(stack, wanted, n).then((commandId) => {
        taken.push({ ...wanted.command, commandId });
      }),
    );
  }
  await Promise.all(sending);
  return taken;
}

interface Wanted {
  readonly command: TakenCommand;
  readonly path: string;
  readonly body: object;
}

function chooseCommand(robot: CommandRobot, key: string, taken: readonly TakenCommand[], random: Random): Wanted {
  const kind = random();
  const idempotent = random() < idempotentShare;
  const path = `/v1/robots/${robot.robotId}/commands`;
  if (kind < stopShare) {
    const body = { action: 'stop', stop: true, commandId: key, expiresInMs };
    return { command: { robot, commandId: key, kind: 'stop', idempotent: true }, path, body };
  }
  const target = taken.findLast((one) => one.robot === robot && one.kind === 'move')?.commandId;
  if (kind < stopShare + cancelShare && target !== undefined) {
    const command = { robot, commandId: `cancel.${key}`, kind: 'cancel', idempotent: true, target } as const;
    return { command, path: `${path}/${target}/cancel`, body: {} };
  }
  const verify = { condition: { path: 'node', equals: key }, withinMs: shownWithinMs };
  const body = { action: 'move', commandId: key, idempotent, expiresInMs, verify };
  return { command: { robot, commandId: key, kind: 'move', idempotent }, path, body };
}

/**
 * Under one key until it is taken; nobody knows what came of a request that was not answered.
 *
 * @param first of the instances that is asked first
 * @returns the command's id: that of a cancel is made by the service
 */
async function sendOne(stack: CommandStack, { command, path, body }: Wanted, first: number): Promise<string> {
  const urls = stack.urlsOf('commands');
  for (let tries = 0; tries < triesMax; tries += 1) {
    const url = `${urls[(first + tries) % urls.length] ?? ''}${path}`;
    const answer = await post(url, stack.operatorToken, body, command.commandId);
    if (answer?.status === 202 || answer?.status === 200) return answer.commandId ?? command.commandId;
    if (answer !== undefined && answer.status < 500 && answer.status !== 429) {
      throw new AppError('FS_INTERNAL', `${path} was answered ${answer.status}`);
    }
    await sleep(retryMs);
  }
  throw new AppError('FS_NOT_READY', `${path}: nobody took it`);
}

interface PostAnswer {
  readonly status: number;
  readonly commandId: string | undefined;
}

async function post(url: string, token: string, body: object, key: string): Promise<PostAnswer | undefined> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const { commandId } = (await answer.json()) as { readonly commandId?: string };
    return { status: answer.status, commandId };
  } catch {
    // Killed while it answered, or not there: the next one is asked.
    return undefined;
  }
}
