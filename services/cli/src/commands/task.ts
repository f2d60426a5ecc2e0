import { randomUUID } from 'node:crypto';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { type ShownTask, toTaskLines } from '../domain/task-lines.ts';
import { gatewayFlags, parseFlags, sharedFlags, toRobotId } from '../parse-flags.ts';
import { readContent } from '../read-content.ts';
import { readJson } from '../read-json.ts';
import { type CommandService } from './command-service.ts';
import { runVerb, type Verbs } from './run-verb.ts';
import { showDocument } from './show-document.ts';
import { watchDocument } from './watch-document.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  ...{ key: text, reason: text, for: text },
  step: { type: 'string', multiple: true },
  wait: { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof parseFlags<typeof flags>>['values'];

export const taskCommand: Command = {
  name: 'task',
  summary: 'have a robot do several things in a row, see how far it is, undo the rest',
  help: `fleetstream task send <robotId> <file>|- [flags]
fleetstream task send <robotId> --step 'ACTION PARAMETERS' … [flags]
fleetstream task show|watch|cancel <robotId> <taskId> [flags]

send: each step is begun when the one before it has ended. The file holds JSON: {"steps": [{"action": …}, …]}, where a
step is what a command is, and "on": "end" goes on whatever came of the step before (otherwise only after its success).
  --step TEXT         instead of a file: an action, and its parameters as JSON behind it; once for each step
  --key TEXT          the same key again is the same task, not a second one (a fresh one)
cancel: every step that has not ended is undone, the last one first.
send, cancel:
  --reason TEXT       why, for those who look at it later
  --wait              watch it to its end; exit code 1 unless it succeeded (send) or is over (cancel)
watch, --wait:
  --for TIME          no longer than this (1h)

  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     print the answer as it came

The token is FLEETSTREAM_COMMANDS_TOKEN, else that of the local state directory.

  npx fleetstream task send picker-7 --step 'move {"x":3,"y":4}' --step dock --wait`,
  run: async (args, world) => {
    await runVerb('task', verbs, parseFlags(args, flags), world);
  },
};

const verbs: Verbs<Flags> = {
  send: sendTask,
  show: (service, rest, values, world) => showDocument(service, readPath('show', rest), toTaskLines, values, world),
  watch: followTask,
  cancel: cancelTask,
};

async function sendTask(
  service: CommandService,
  [robot, ...files]: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  const robotId = toRobotId(robot === undefined ? [] : [robot]);
  const { key = randomUUID(), reason, step = [] } = values;
  const [file, ...more] = files;
  if ((file === undefined) === (step.length === 0) || more.length > 0) {
    return failUsage('task send takes a robot id and either one file or --step');
  }
  const given =
    file === undefined
      ? { steps: step.map(toStep) }
      : readJson(file, (await readContent(world, file)).toString('utf8'));
  const answer = await service.ask({
    method: 'POST',
    path: `/v1/robots/${encodeURIComponent(robotId)}/tasks`,
    headers: { 'idempotency-key': key },
    body: { ...given, ...(reason !== undefined && { reason }) },
  });
  const { taskId } = answer.body as ShownTask;
  if (values.wait !== true) {
    world.out(values.json === true ? answer.text : taskId);
    world.note(`fleetstream task watch ${robotId} ${taskId} says what comes of it.`);
    return;
  }
  world.note(taskId);
  failUnlessSucceeded(await watch(service, toPath(robotId, taskId), values, world));
}

async function followTask(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  failUnlessSucceeded(await watch(service, readPath('watch', rest), values, world));
}

async function cancelTask(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  const path = readPath('cancel', rest);
  const { key = randomUUID(), reason } = values;
  const answer = await service.ask({
    method: 'POST',
    path: `${path}/cancel`,
    headers: { 'idempotency-key': key },
    body: { ...(reason !== undefined && { reason }) },
  });
  if (values.wait === true) {
    await watch(service, path, values, world);
    return;
  }
  const { commands = [] } = answer.body as { readonly commands?: readonly CancelledStep[] };
  if (values.json === true) world.out(answer.text);
  else for (const { commandId, status, outcome } of commands) world.out(`${commandId}  ${status}  ${outcome}`);
}

interface CancelledStep {
  readonly commandId: string;
  readonly status: string;
  readonly outcome: string;
}

async function watch(service: CommandService, path: string, values: Flags, world: CliWorld): Promise<ShownTask> {
  const isOver = ({ status }: ShownTask) => status !== 'OPEN';
  return await watchDocument(service, { path, toLines: toTaskLines, isOver }, values, world);
}

function failUnlessSucceeded({ status }: ShownTask): void {
  if (status !== 'SUCCEEDED') failRefused(`It ended as ${status}.`);
}

function toPath(robotId: string, taskId: string): string {
  return `/v1/robots/${encodeURIComponent(robotId)}/tasks/${encodeURIComponent(taskId)}`;
}

function readPath(verb: string, rest: readonly string[]): string {
  const [robot, taskId, ...more] = rest;
  if (robot === undefined || taskId === undefined || more.length > 0) {
    return failUsage(`task ${verb} takes a robot id and a task id`);
  }
  return toPath(toRobotId([robot]), taskId);
}

/** `move {"x":3}`: what comes after the first blank are the parameters. */
function toStep(given: string): object {
  const [, action = '', parameters = ''] = /^\s*(\S+)\s*(.*)$/s.exec(given) ?? [];
  if (action === '') return failUsage('--step: an action, and its parameters as JSON behind it');
  return { action, ...(parameters !== '' && { parameters: readJson('--step', parameters) }) };
}
