import { randomUUID } from 'node:crypto';
import { failUsage } from '../cli-failure.ts';
import { type CliWorld } from '../command.ts';
import { type ShownCommand } from '../domain/command-table.ts';
import { toRobotId } from '../parse-flags.ts';
import { type CommandService, type ServiceAnswer } from './command-service.ts';
import { failUnlessSucceeded, watchCommand } from './command-watch.ts';

export interface ControlFlags {
  readonly key?: string | undefined;
  readonly reason?: string | undefined;
  readonly wait?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** A stop or a cancelling ends soon: the model gives it a minute, and the log its time. */
const withinMs = 90_000;

/** Stops a robot ahead of everything that it was asked for. */
export async function stopRobot(
  service: CommandService,
  rest: readonly string[],
  flags: ControlFlags,
  world: CliWorld,
): Promise<void> {
  const robotId = toRobotId(rest);
  const answer = await post(service, `/v1/robots/${encodeURIComponent(robotId)}/stop`, flags);
  await tell(service, answer, flags, world);
}

/** Asks for a command to be undone; whether that comes in time is the cancelling's own end. */
export async function cancelCommand(
  service: CommandService,
  rest: readonly string[],
  flags: ControlFlags,
  world: CliWorld,
): Promise<void> {
  const commandId = toCommandId('cancel', rest);
  const path = `${await toCommandPath(service, commandId)}/cancel`;
  await tell(service, await post(service, path, flags), flags, world);
}

/** Says yes or no to a command that needs a second person. */
export async function decideCommand(
  verb: 'approve' | 'decline',
  service: CommandService,
  rest: readonly string[],
  { reason, json }: ControlFlags,
  world: CliWorld,
): Promise<void> {
  const path = await toCommandPath(service, toCommandId(verb, rest));
  const body = { ...(reason !== undefined && { reason }) };
  const answer = await service.ask({ method: 'POST', path: `${path}/${verb}`, body });
  const { commandId } = answer.body as ShownCommand;
  world.out(json === true ? answer.text : commandId);
  world.note(`Said so to the log; fleetstream command watch ${commandId} says what comes of it.`);
}

/** The one command id that is given. */
export function toCommandId(verb: string, rest: readonly string[]): string {
  const [commandId, ...more] = rest;
  if (commandId === undefined || more.length > 0) return failUsage(`command ${verb} takes one command id`);
  return commandId;
}

/** Commands are changed below their robot, of which nobody should have to know who knows the command. */
async function toCommandPath(service: CommandService, commandId: string): Promise<string> {
  const { body } = await service.ask({ method: 'GET', path: `/v1/commands/${encodeURIComponent(commandId)}` });
  const { robotId } = body as ShownCommand;
  return `/v1/robots/${encodeURIComponent(robotId)}/commands/${encodeURIComponent(commandId)}`;
}

async function post(
  service: CommandService,
  path: string,
  { key = randomUUID(), reason }: ControlFlags,
): Promise<ServiceAnswer> {
  return await service.ask({
    method: 'POST',
    path,
    headers: { 'idempotency-key': key },
    body: { ...(reason !== undefined && { reason }) },
  });
}

async function tell(
  service: CommandService,
  { text, body }: ServiceAnswer,
  { wait, json }: ControlFlags,
  world: CliWorld,
): Promise<void> {
  const { commandId, status } = body as ShownCommand;
  if (wait !== true) {
    world.out(json === true ? text : commandId);
    world.note(`${status}; fleetstream command watch ${commandId} says what comes of it.`);
    return;
  }
  const onStep = (line: string) => {
    if (json !== true) world.out(line);
  };
  if (json !== true) world.out(commandId);
  const end = await watchCommand(service, { commandId, withinMs, onStep });
  if (json === true) world.out(JSON.stringify(end));
  failUnlessSucceeded(end);
}
