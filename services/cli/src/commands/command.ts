import { randomUUID } from 'node:crypto';
import { failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { type ShownCommand, toCommandLines, toCommandTable } from '../domain/command-table.ts';
import { gatewayFlags, parseFlags, sharedFlags, toDurationMs, toRobotId } from '../parse-flags.ts';
import { readJson } from '../read-json.ts';
import { cancelCommand, decideCommand, stopRobot, toCommandId } from './command-control.ts';
import { followCommands } from './command-follow.ts';
import { type CommandService } from './command-service.ts';
import { failUnlessSucceeded, watchCommand } from './command-watch.ts';
import { runVerb, type Verbs } from './run-verb.ts';
import { showDocument } from './show-document.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  parameters: text,
  expires: text,
  priority: text,
  key: text,
  reason: text,
  wait: { type: 'boolean' },
  robot: text,
  status: text,
  limit: text,
  for: text,
} as const;

type Flags = ReturnType<typeof parseFlags<typeof flags>>['values'];

/** What a command lives when nothing is said, and the way through the log beyond it. */
const lifeMs = 300_000;
const patienceMs = 30_000;

export const commandCommand: Command = {
  name: 'command',
  summary: 'have a robot do something, see what comes of it, stop it',
  help: `fleetstream command send <robotId> <action> [flags]
fleetstream command watch|status <commandId> [flags]
fleetstream command list|follow [flags]
fleetstream command stop <robotId> [flags]
fleetstream command cancel|approve|decline <commandId> [flags]

send: the robot gets it when it asks for its commands, or at its callback.
  --parameters JSON   of the action
  --expires TIME      nobody wants it any more after 30s, 5m or 1h (5m)
  --priority NAME     its lane in the robot's queue: urgent, normal or low (normal)
stop: goes ahead of everything, and what the robot was asked for before is not begun any more.
cancel: a command itself: it succeeds when the other is CANCELLED, and fails when that ended otherwise.
approve, decline: of a command that needs a second person; not whoever asked for it, and with the role for it.
send, stop and cancel:
  --wait              watch it to its end; exit code 1 unless it succeeded
  --key TEXT          the same key again is the same command, not a second one (a fresh one)
send, stop, cancel, approve and decline:
  --reason TEXT       why, for those who look at it later
watch: each step as it comes, to its end; exit code 1 unless it succeeded.
  --for TIME          no longer than this (1h)
follow: every step of every command as it comes, for an hour or as long as --for says.
list: the newest first.
list, follow:
  --robot ID          only of this robot
list:
  --status STATUS     only those that are QUEUED, RUNNING, SUCCEEDED, …
  --limit N           at most so many (20)

  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     print the answer as it came

The token is FLEETSTREAM_COMMANDS_TOKEN, else that of the local state directory.

  npx fleetstream command send picker-7 move --parameters '{"x":3,"y":4}' --wait`,
  run: async (args, world) => {
    await runVerb('command', verbs, parseFlags(args, flags), world);
  },
};

const verbs: Verbs<Flags> = {
  send: sendCommand,
  watch: followCommand,
  status: (service, rest, values, world) => {
    const path = `/v1/commands/${encodeURIComponent(toCommandId('status', rest))}`;
    return showDocument(service, path, toCommandLines, values, world);
  },
  list: listCommands,
  follow: followCommands,
  stop: stopRobot,
  cancel: cancelCommand,
  approve: (...given) => decideCommand('approve', ...given),
  decline: (...given) => decideCommand('decline', ...given),
};

async function sendCommand(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  const [robot, action, ...more] = rest;
  if (robot === undefined || action === undefined || more.length > 0) {
    return failUsage('command send takes a robot id and an action');
  }
  const robotId = toRobotId([robot]);
  const expiresInMs = values.expires === undefined ? undefined : toDurationMs('--expires', values.expires);
  const { key = randomUUID(), reason } = values;
  const answer = await service.ask({
    method: 'POST',
    path: `/v1/robots/${encodeURIComponent(robotId)}/commands`,
    headers: { 'idempotency-key': key },
    body: {
      action,
      ...(values.parameters !== undefined && { parameters: readJson('--parameters', values.parameters) }),
      ...(expiresInMs !== undefined && { expiresInMs }),
      ...(values.priority !== undefined && { priority: values.priority }),
      ...(reason !== undefined && { reason }),
    },
  });
  const { commandId, status } = answer.body as ShownCommand;
  if (values.wait !== true) {
    world.out(values.json === true ? answer.text : commandId);
    world.note(`${status}; fleetstream command watch ${commandId} says what comes of it.`);
    return;
  }
  world.note(`${commandId} ${status}`);
  const withinMs = (expiresInMs ?? lifeMs) + patienceMs;
  const end = await watchCommand(service, {
    commandId,
    withinMs,
    onStep: (line) => {
      world.note(line);
    },
  });
  world.out(values.json === true ? JSON.stringify(end) : toCommandLines(end).join('\n'));
  failUnlessSucceeded(end);
}

async function followCommand(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  const commandId = toCommandId('watch', rest);
  const withinMs = toDurationMs('--for', values.for ?? '1h');
  const onStep = (line: string) => {
    if (values.json !== true) world.out(line);
  };
  const end = await watchCommand(service, { commandId, withinMs, onStep });
  if (values.json === true) world.out(JSON.stringify(end));
  failUnlessSucceeded(end);
}

async function listCommands(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  if (rest.length > 0) failUsage(`"${rest.join(' ')}" is too much; a robot is named by --robot`);
  const query = new URLSearchParams({ limit: values.limit ?? '20' });
  if (values.robot !== undefined) query.set('robotId', toRobotId([values.robot]));
  if (values.status !== undefined) query.set('status', values.status.toUpperCase());
  const { text: answer, body } = await service.ask({ method: 'GET', path: `/v1/commands?${query.toString()}` });
  if (values.json === true) {
    world.out(answer);
    return;
  }
  const { commands = [] } = body as { readonly commands?: readonly ShownCommand[] };
  for (const line of toCommandTable(commands)) world.out(line);
  if (commands.length === 0) world.note('No commands.');
}
