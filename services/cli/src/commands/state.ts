import { sendHttpRequest } from '../adapters/http-request.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type Command, type CliWorld } from '../command.ts';
import { type ListedRobot, toStateTable } from '../domain/state-table.ts';
import { gatewayFlags, parseFlags, sharedFlags, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';
import { readAnswerBody } from '../read-answer-body.ts';
import { toProblemText } from '../to-problem-text.ts';

const text = { type: 'string' } as const;
/** Flags that choose robots, and the parameters of the API that they are. */
const choosing = {
  status: 'status',
  mode: 'mode',
  fleet: 'fleet',
  site: 'site',
  'battery-below': 'batteryBelow',
  'error-level': 'errorLevel',
  text: 'text',
  limit: 'limit',
} as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  at: text,
  'min-offset': text,
  retired: { type: 'boolean' },
  ...{
    status: text,
    mode: text,
    fleet: text,
    site: text,
    'battery-below': text,
    'error-level': text,
    text,
    limit: text,
  },
} as const;

/** A moment of the past may have to be folded first. */
const pastTimeoutMs = 60_000;

export const stateCommand: Command = {
  name: 'state',
  summary: 'show the state of a robot, now or of old, or of many',
  help: `fleetstream state [robotId] [flags]

Asks the processor through the gateway. One robot: its whole state. None named: a table, of all or of those chosen.

  --at MOMENT                of one robot: its state as of an offset of its partition, or a time (2026-01-31T12:00:00Z)
  --min-offset N             of one robot: waits until everything before this offset of its partition is in it
  --status, --mode, --fleet, --site A,B
                             only robots of which that is one of these; status is online, offline or unknown
  --battery-below PERCENT    only robots that told of less
  --error-level LEVEL        only robots with an error at least as bad: WARNING, URGENT, CRITICAL or FATAL
  --text TEXT                only robots with it in id, name or model
  --retired                  only robots out of service
  --limit N                  of those chosen, the first N by id (default 100, at most 1000)
  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     print the answer as it came

The token is FLEETSTREAM_API_TOKEN, else that of the local state directory.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const robotId = positionals.length === 0 ? undefined : toRobotId(positionals);
    const { at, 'min-offset': minOffset } = values;
    if (robotId === undefined && (at ?? minOffset) !== undefined) {
      failUsage('--at, --min-offset: of one robot; give its id');
    }
    const access = new PlatformAccess(world);
    const query = robotId === undefined ? toChoice(values) : toMoment({ at, minOffset });
    const answer = await sendHttpRequest(access.findGateway(values), {
      method: 'GET',
      path: (robotId === undefined ? '/v1/states' : `/v1/states/${encodeURIComponent(robotId)}`) + query,
      headers: { authorization: `Bearer ${access.findApiToken()}` },
      ...(at === undefined ? {} : { timeoutMs: pastTimeoutMs }),
    });
    const body = readAnswerBody(answer);
    if (answer.status !== 200) return failRefused(toProblemText(answer.status, body));
    if (values.json === true) world.out(answer.body.trim());
    else if (robotId !== undefined) world.out(JSON.stringify(body, undefined, 2));
    else printTable(body, world);
  },
};

function toMoment(given: { readonly at: string | undefined; readonly minOffset: string | undefined }): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function toChoice(values: Readonly<Record<string, string | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [flag, name] of Object.entries(choosing)) {
    const value = values[flag];
    if (typeof value === 'string') query.set(name, value);
  }
  if (values['retired'] === true) query.set('retired', 'true');
  return query.size === 0 ? '' : `?${query.toString()}`;
}

function printTable(
  { robots = [], next }: { robots?: readonly ListedRobot[]; next?: string },
  world: Pick<CliWorld, 'out' | 'note'>,
): void {
  const ordered = [...robots].sort((a, b) => (a.robotId < b.robotId ? -1 : 1));
  for (const line of toStateTable(ordered)) world.out(line);
  if (next !== undefined) world.note('There are more: choose more narrowly, or a higher --limit.');
}
