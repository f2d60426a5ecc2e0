import { sendHttpRequest } from '../adapters/http-request.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { toRobotLines } from '../domain/robot-lines.ts';
import { chooseRobots, joinRobots, type JoinedRobot, type PlatformRobot, toRobotTable } from '../domain/robot-table.ts';
import { type ListedRobot } from '../domain/state-table.ts';
import { gatewayFlags, parseFlags, sharedFlags, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';
import { readAnswerBody } from '../read-answer-body.ts';
import { toProblemText } from '../to-problem-text.ts';
import { createCommandService } from './command-service.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  ...{ fleet: text, site: text, model: text, tag: text, status: text, text },
} as const;

type Flags = ReturnType<typeof parseFlags<typeof flags>>['values'];

export const robotsCommand: Command = {
  name: 'robots',
  summary: 'list the robots, or show one: who they are and how they are',
  help: `fleetstream robots list [flags]
fleetstream robots get <robotId> [flags]

Who the robots are is the Robot Platform's word, how they are what they said themselves. A robot that the platform does
not list any more is shown as long as it is not retired. CLOCK is how far a robot's own clock is off, by the time of its
newest event: it is measured, and no reason to refuse anything.

  --fleet, --site, --model, --tag NAME   only robots of it
  --status online|offline|unknown        only robots that are so
  --text TEXT                            only robots with it in id or name
  --gateway URL, --ca FILE               (default: what "npm start" wrote down)
  --json                                 everything as one JSON object

The tokens are FLEETSTREAM_COMMANDS_TOKEN and FLEETSTREAM_API_TOKEN, else those of the local state directory.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const [verb, ...ids] = positionals;
    if (verb === 'get') {
      await getRobot(toRobotId(ids), values, world);
      return;
    }
    if (positionals.join(' ') !== 'list') return failUsage('robots list, or robots get <robotId>');
    const [listing, live] = await Promise.all([fetchListing(values, world), fetchStates(values, world)]);
    const robots = chooseRobots(joinRobots(listing.robots, live), values);
    if (values.json === true) world.out(JSON.stringify({ ...listing, robots }));
    else print(robots, listing, world);
  },
};

/** One robot as the command service tells of it: each side's word with its age. */
async function getRobot(robotId: string, values: Flags, world: CliWorld): Promise<void> {
  const path = `/v1/robots/${encodeURIComponent(robotId)}`;
  const { body } = await createCommandService(world, values).ask({ method: 'GET', path });
  if (values.json === true) world.out(JSON.stringify(body));
  else for (const line of toRobotLines(body)) world.out(line);
}

/** What the command service knows of the Robot Platform's list. */
interface Listing {
  readonly robots: readonly PlatformRobot[];
  readonly fetchedAt: string;
  readonly ageMs: number;
  readonly stale: boolean;
}

async function fetchListing(values: Flags, world: CliWorld): Promise<Listing> {
  const { body } = await createCommandService(world, values).ask({ method: 'GET', path: '/v1/platform/robots' });
  return body as Listing;
}

async function fetchStates(values: Flags, world: CliWorld): Promise<readonly ListedRobot[]> {
  const access = new PlatformAccess(world);
  const answer = await sendHttpRequest(access.findGateway(values), {
    method: 'GET',
    path: '/v1/states',
    headers: { authorization: `Bearer ${access.findApiToken()}` },
  });
  const body = readAnswerBody(answer);
  if (answer.status !== 200) return failRefused(toProblemText(answer.status, body));
  return (body as { readonly robots?: readonly ListedRobot[] }).robots ?? [];
}

function print(robots: readonly JoinedRobot[], { ageMs, stale }: Listing, world: CliWorld): void {
  for (const line of toRobotTable(robots)) world.out(line);
  if (robots.length === 0) world.note('No robots.');
  if (stale) world.note(`The Robot Platform gives no list: who the robots are was known ${toSeconds(ageMs)} s ago.`);
}

function toSeconds(ms: number): string {
  return (ms / 1000).toFixed(ms < 10_000 ? 1 : 0);
}
