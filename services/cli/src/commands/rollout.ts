import { randomUUID } from 'node:crypto';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { toRolloutLines, toRolloutTable, type ShownRollout } from '../domain/rollout-lines.ts';
import { toColumns } from '../domain/to-columns.ts';
import { gatewayFlags, parseFlags, sharedFlags, toDurationMs } from '../parse-flags.ts';
import { readJson } from '../read-json.ts';
import { type CommandService } from './command-service.ts';
import { runVerb, type Verbs } from './run-verb.ts';
import { showDocument } from './show-document.ts';
import { watchDocument } from './watch-document.ts';

const text = { type: 'string' } as const;
const several = { type: 'string', multiple: true } as const;
const yes = { type: 'boolean' } as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  ...{ fleet: text, site: text, model: text, where: text, all: yes },
  ...{ robot: several, tag: several },
  ...{ parameters: text, expires: text, plan: text, 'needs-approval': yes, 'dry-run': yes, wait: yes },
  ...{ key: text, reason: text, status: text, limit: text, cursor: text, for: text },
} as const;

type Flags = ReturnType<typeof parseFlags<typeof flags>>['values'];

export const rolloutCommand: Command = {
  name: 'rollout',
  summary: 'have many robots do something, wave by wave, and stop that when it goes wrong',
  help: `fleetstream rollout send <action> [selector] [flags]
fleetstream rollout list [flags]
fleetstream rollout show|watch|robots <rolloutId> [flags]
fleetstream rollout approve|pause|resume|abort <rolloutId> [flags]

send: whom the selector stands for is looked up once and pinned.
  --all                      every robot, as far as nothing else is given
  --robot ID …               these; --fleet, --site, --model NAME and --tag NAME …: those of which all of it holds
  --where JSON               those whose state meets the condition
  --parameters JSON          of the action
  --expires TIME             nobody wants it any more after 30s, 5m or 1h
  --plan JSON                canary, waves, rate and gate; left out: all at once, and nothing stops it but a person
  --needs-approval           nobody is asked before somebody else approves
  --dry-run                  say whom it would be for, and ask nobody
  --key TEXT                 the same key again is the same rollout, not a second one (a fresh one)
  --wait                     watch it to its end
robots: how each stands.
  --status STATUS            only those that are WAITING, RUNNING, FAILED, …
  --limit N, --cursor TEXT   a page
abort: nobody else is asked, and what no robot was given yet is cancelled.
send, approve, pause, resume, abort:
  --reason TEXT              why, for those who look at it later
watch, --wait: exit code 1 unless it finished.
  --for TIME                 no longer than this (1h)

  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     print the answer as it came

The token is FLEETSTREAM_COMMANDS_TOKEN, else that of the local state directory.

  npx fleetstream rollout send update --fleet pickers --plan '{"canary":{"robots":1},"wave":{"percent":25}}' --wait`,
  run: async (args, world) => {
    await runVerb('rollout', verbs, parseFlags(args, flags), world);
  },
};

const verbs: Verbs<Flags> = {
  send: sendRollout,
  list: listRollouts,
  show: (service, rest, values, world) => showDocument(service, readPath('show', rest), toRolloutLines, values, world),
  watch: async (service, rest, values, world) => {
    await watch(service, readPath('watch', rest), values, world);
  },
  robots: listRobots,
  approve: (...given) => control('approve', ...given),
  pause: (...given) => control('pause', ...given),
  resume: (...given) => control('resume', ...given),
  abort: (...given) => control('abort', ...given),
};

async function sendRollout(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  const [action, ...more] = rest;
  if (action === undefined || more.length > 0) return failUsage('rollout send takes an action');
  const answer = await service.ask({
    method: 'POST',
    path: '/v1/commands',
    headers: { 'idempotency-key': values.key ?? randomUUID() },
    body: toBody(action, values),
  });
  if (values['dry-run'] === true) {
    const { robots, sample, waves } = answer.body as DryRun;
    world.out(values.json === true ? answer.text : `${robots} robots in waves of ${waves.join(', ')}`);
    if (values.json !== true) world.out(sample.join('\n'));
    return;
  }
  const { rolloutId, phase, robots } = answer.body as ShownRollout;
  if (values.wait !== true) {
    world.out(values.json === true ? answer.text : rolloutId);
    world.note(`${phase}, for ${robots} robots; fleetstream rollout watch ${rolloutId} says what comes of it.`);
    return;
  }
  world.note(rolloutId);
  await watch(service, toPath(rolloutId), values, world);
}

interface DryRun {
  readonly robots: number;
  readonly sample: readonly string[];
  readonly waves: readonly number[];
}

function toBody(action: string, values: Flags): object {
  const { all, robot, fleet, site, model, tag, where, parameters, expires, plan, reason } = values;
  const selector = {
    ...(all === true && { all }),
    ...(robot !== undefined && { ids: robot }),
    ...(fleet !== undefined && { fleet }),
    ...(site !== undefined && { site }),
    ...(model !== undefined && { model }),
    ...(tag !== undefined && { tags: tag }),
    ...(where !== undefined && { state: readJson('--where', where) }),
  };
  if (Object.keys(selector).length === 0) return failUsage('Which robots? --robot, --fleet, --site, … or --all');
  return {
    selector,
    command: {
      action,
      ...(parameters !== undefined && { parameters: readJson('--parameters', parameters) }),
      ...(expires !== undefined && { expiresInMs: toDurationMs('--expires', expires) }),
      ...(reason !== undefined && { reason }),
    },
    ...(plan !== undefined && { rollout: readJson('--plan', plan) }),
    ...(values['needs-approval'] === true && { needsApproval: true }),
    ...(values['dry-run'] === true && { dryRun: true }),
  };
}

async function listRollouts(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  if (rest.length > 0) failUsage(`"${rest.join(' ')}" is too much`);
  const { text: answer, body } = await service.ask({ method: 'GET', path: '/v1/rollouts' });
  if (values.json === true) {
    world.out(answer);
    return;
  }
  const { rollouts = [] } = body as { readonly rollouts?: readonly ShownRollout[] };
  for (const line of toRolloutTable(rollouts)) world.out(line);
  if (rollouts.length === 0) world.note('No rollouts.');
}

async function listRobots(
  service: CommandService,
  rest: readonly string[],
  values: Flags,
  world: CliWorld,
): Promise<void> {
  const query = new URLSearchParams({ limit: values.limit ?? '100' });
  if (values.status !== undefined) query.set('status', values.status.toUpperCase());
  if (values.cursor !== undefined) query.set('cursor', values.cursor);
  const path = `${readPath('robots', rest)}/robots?${query.toString()}`;
  const { text: answer, body } = await service.ask({ method: 'GET', path });
  if (values.json === true) {
    world.out(answer);
    return;
  }
  const { robots = [], nextCursor } = body as RobotPage;
  const rows = robots.map(({ robotId, wave, status, commandId }) => [robotId, String(wave), status, commandId]);
  for (const line of toColumns(['ROBOT', 'WAVE', 'STATUS', 'COMMAND'], rows)) world.out(line);
  if (nextCursor !== undefined) world.note(`There are more: --cursor ${nextCursor}`);
}

interface RobotPage {
  readonly robots?: readonly {
    readonly robotId: string;
    readonly wave: number;
    readonly status: string;
    readonly commandId: string;
  }[];
  readonly nextCursor?: string;
}

async function control(
  verb: 'approve' | 'pause' | 'resume' | 'abort',
  service: CommandService,
  rest: readonly string[],
  { reason, json }: Flags,
  world: CliWorld,
): Promise<void> {
  const path = `${readPath(verb, rest)}/${verb}`;
  const { text: answer, body } = await service.ask({
    method: 'POST',
    path,
    body: { ...(reason !== undefined && { reason }) },
  });
  world.out(json === true ? answer : toRolloutLines(body as ShownRollout).join('\n'));
}

async function watch(service: CommandService, path: string, values: Flags, world: CliWorld): Promise<void> {
  const isOver = (rollout: ShownRollout) => rollout.phase === 'FINISHED' || rollout.phase === 'ABORTED';
  const { phase } = await watchDocument(service, { path, toLines: toRolloutLines, isOver }, values, world);
  if (phase !== 'FINISHED') failRefused(`It ended as ${phase}.`);
}

function toPath(rolloutId: string): string {
  return `/v1/rollouts/${encodeURIComponent(rolloutId)}`;
}

function readPath(verb: string, rest: readonly string[]): string {
  const [rolloutId, ...more] = rest;
  if (rolloutId === undefined || more.length > 0) return failUsage(`rollout ${verb} takes one rollout id`);
  return toPath(rolloutId);
}
