import { checkVerdicts, readVerdicts } from '../adapters/insight-log.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type Command, type CliWorld } from '../command.ts';
import { toInsightTable } from '../domain/insight-table.ts';
import { parseFlags, sharedFlags, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';

const text = { type: 'string' } as const;
const flags = { ...sharedFlags, robot: text, limit: text, brokers: text } as const;

const limitDefault = 20;
const limitMax = 10_000;

export const insightsCommand: Command = {
  name: 'insights',
  summary: 'list what the models found odd, or check it against the log',
  help: `fleetstream insights list [flags]     the newest verdicts, oldest first
fleetstream insights replay [flags]   show the model the log again: does it give the same verdicts, each once?

  --robot ID            only of this robot
  --limit N             at most so many, the newest (${limitDefault} of list, ${limitMax} of replay)
  --brokers HOST:PORT   of the log (default: what "npm start" wrote down)
  --json                list: one verdict per line; replay: the result as one JSON object

replay ends with 1 when a verdict does not follow from the log.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const [action, ...rest] = positionals;
    if (action !== 'list' && action !== 'replay') return failUsage('insights list, or insights replay');
    if (rest.length > 0) failUsage(`"${rest.join(' ')}" is too much; a robot is named by --robot`);
    const robotId = values.robot === undefined ? undefined : toRobotId([values.robot]);
    const limit = toLimit(values.limit, action === 'list' ? limitDefault : limitMax);
    const access = new PlatformAccess(world);
    const brokers = access.findBrokers(values);
    const all = await readVerdicts(brokers);
    const said = all.filter(({ data }) => robotId === undefined || data.robotId === robotId).slice(-limit);
    const json = values.json === true;
    if (action === 'replay') {
      reportCheck(await checkVerdicts(brokers, access.findSchemaRegistry(), said), json, world);
      return;
    }
    const lines = json ? said.map((one) => one.text) : toInsightTable(said.map(({ data }) => data));
    for (const line of lines) world.out(line);
    if (said.length === 0) world.note('Nothing was found odd so far.');
  },
};

function reportCheck(check: Awaited<ReturnType<typeof checkVerdicts>>, json: boolean, world: CliWorld): void {
  const { confirmed, refuted, repeated } = check;
  if (json) world.out(JSON.stringify(check));
  else
    world.out(`${confirmed} verdicts follow from the log, ${refuted.length} do not, ${repeated.length} are repeated`);
  if (refuted.length + repeated.length === 0) return;
  failRefused(`not as the log says: ${[...refuted, ...repeated].slice(0, 10).join(', ')}`);
}

function toLimit(given: string | undefined, fallback: number): number {
  const limit = Number(given ?? fallback);
  if (Number.isInteger(limit) && limit >= 1 && limit <= limitMax) return limit;
  return failUsage(`--limit: a whole number from 1 to ${limitMax}, not "${given ?? ''}"`);
}
