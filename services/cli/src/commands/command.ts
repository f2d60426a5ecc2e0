import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentTypes, isTerminal, type CommandStatus, type Problem } from '@fleetstream/contracts';
import { sendHttpRequest, type HttpRequest } from '../adapters/http-request.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { toCommandLines, toCommandTable, type ShownCommand } from '../domain/command-table.ts';
import { gatewayFlags, parseFlags, sharedFlags, toDurationMs, toRobotId } from '../parse-flags.ts';
import { type GatewayAddress, PlatformAccess } from '../platform-access.ts';
import { readAnswerBody } from '../read-answer-body.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  parameters: text,
  expires: text,
  key: text,
  reason: text,
  wait: { type: 'boolean' },
  robot: text,
  status: text,
  limit: text,
} as const;

type Flags = ReturnType<typeof parseFlags<typeof flags>>['values'];

const lookEveryMs = 500;
/** Beyond a command's expiry, for the way through the log. */
const patienceMs = 30_000;

export const commandCommand: Command = {
  name: 'command',
  summary: 'have a robot do something, and see what comes of it',
  help: `fleetstream command send <robotId> <action> [flags]
fleetstream command status <commandId> [flags]
fleetstream command list [flags]

send: the robot gets it when it asks for its commands, or at its callback.
  --parameters JSON   of the action
  --expires TIME      nobody wants it any more after 30s, 5m or 1h (5m)
  --key TEXT          the same key again is the same command, not a second one (a fresh one)
  --reason TEXT       why, for those who look at it later
  --wait              until it has ended; exit code 1 unless it succeeded
list: the newest first.
  --robot ID          only of this robot
  --status STATUS     only those that are QUEUED, RUNNING, SUCCEEDED, …
  --limit N           at most so many (20)

  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     print the answer as it came

The token is FLEETSTREAM_COMMANDS_TOKEN, else that of the local state directory.

  npx fleetstream command send picker-7 move --parameters '{"x":3,"y":4}' --wait`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const [action, ...rest] = positionals;
    const service = createService(world, values);
    switch (action) {
      case 'send':
        await sendCommand(service, rest, values, world);
        return;
      case 'status':
        await showStatus(service, rest, values, world);
        return;
      case 'list':
        await listCommands(service, rest, values, world);
        return;
      case undefined:
      default:
        failUsage('command send, command status, or command list');
    }
  },
};

/** Sends a request and gives the answer's text and what it says, or fails with its problem. */
type Service = (
  request: Pick<HttpRequest, 'method' | 'path'> & { readonly headers?: HttpRequest['headers']; readonly body?: object },
) => Promise<{ readonly text: string; readonly body: object }>;

/** Looks for address and token only when the command line is right. */
function createService(world: CliWorld, values: Flags): Service {
  let known: { readonly gateway: GatewayAddress; readonly token: string } | undefined;
  return async ({ headers = {}, body, ...request }) => {
    const access = new PlatformAccess(world);
    known ??= { gateway: access.findGateway(values), token: access.findCommandsToken() };
    const answer = await sendHttpRequest(known.gateway, {
      ...request,
      headers: {
        ...headers,
        authorization: `Bearer ${known.token}`,
        ...(body !== undefined && { 'content-type': contentTypes.json }),
      },
      ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
    });
    const said = readAnswerBody(answer);
    if (answer.status < 300) return { text: answer.body.trim(), body: said };
    const { code, detail, title, hint } = said as Partial<Problem>;
    return failRefused(
      [`${answer.status} ${code ?? ''}: ${detail ?? title ?? ''}`, ...(hint ? [hint] : [])].join('\n'),
    );
  };
}

async function sendCommand(service: Service, rest: readonly string[], values: Flags, world: CliWorld): Promise<void> {
  const [robot, action, ...more] = rest;
  if (robot === undefined || action === undefined || more.length > 0) {
    return failUsage('command send takes a robot id and an action');
  }
  const robotId = toRobotId([robot]);
  const expiresInMs = values.expires === undefined ? undefined : toDurationMs('--expires', values.expires);
  const { key = randomUUID(), reason } = values;
  const answer = await service({
    method: 'POST',
    path: `/v1/robots/${encodeURIComponent(robotId)}/commands`,
    headers: { 'idempotency-key': key },
    body: {
      action,
      ...(values.parameters !== undefined && { parameters: readParameters(values.parameters) }),
      ...(expiresInMs !== undefined && { expiresInMs }),
      ...(reason !== undefined && { reason }),
    },
  });
  const { commandId, status } = answer.body as ShownCommand;
  if (values.wait !== true) {
    world.out(values.json === true ? answer.text : commandId);
    world.note(`${status}; fleetstream command status ${commandId} says what comes of it.`);
    return;
  }
  world.note(`${commandId} ${status}`);
  const end = await waitForEnd(service, commandId, (expiresInMs ?? 300_000) + patienceMs, world);
  world.out(values.json === true ? JSON.stringify(end) : toCommandLines(end).join('\n'));
  if (end.status !== 'SUCCEEDED') failRefused(`It ended as ${end.status}${end.reason ? `: ${end.reason}` : ''}.`);
}

async function waitForEnd(
  service: Service,
  commandId: string,
  withinMs: number,
  world: CliWorld,
): Promise<ShownCommand> {
  const deadline = performance.now() + withinMs;
  // The answer to the request said so.
  let shown = 'REQUESTED';
  for (;;) {
    const { body } = await service({ method: 'GET', path: `/v1/commands/${encodeURIComponent(commandId)}` });
    const command = body as ShownCommand;
    if (isTerminal(command.status as CommandStatus)) return command;
    if (command.status !== shown) world.note(command.status);
    shown = command.status;
    if (performance.now() > deadline) failRefused(`It has not ended: ${command.status}.`);
    await sleep(lookEveryMs);
  }
}

async function showStatus(service: Service, rest: readonly string[], values: Flags, world: CliWorld): Promise<void> {
  const [commandId, ...more] = rest;
  if (commandId === undefined || more.length > 0) return failUsage('command status takes one command id');
  const { text: answer, body } = await service({
    method: 'GET',
    path: `/v1/commands/${encodeURIComponent(commandId)}`,
  });
  world.out(values.json === true ? answer : toCommandLines(body as ShownCommand).join('\n'));
}

async function listCommands(service: Service, rest: readonly string[], values: Flags, world: CliWorld): Promise<void> {
  if (rest.length > 0) failUsage(`"${rest.join(' ')}" is too much; a robot is named by --robot`);
  const query = new URLSearchParams({ limit: values.limit ?? '20' });
  if (values.robot !== undefined) query.set('robotId', toRobotId([values.robot]));
  if (values.status !== undefined) query.set('status', values.status.toUpperCase());
  const { text: answer, body } = await service({ method: 'GET', path: `/v1/commands?${query.toString()}` });
  if (values.json === true) {
    world.out(answer);
    return;
  }
  const { commands = [] } = body as { readonly commands?: readonly ShownCommand[] };
  for (const line of toCommandTable(commands)) world.out(line);
  if (commands.length === 0) world.note('No commands.');
}

function readParameters(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    return failUsage('--parameters: not JSON');
  }
}
