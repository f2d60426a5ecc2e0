import { type Problem } from '@fleetstream/contracts';
import { sendHttpRequest } from '../adapters/http-request.ts';
import { failRefused } from '../cli-failure.ts';
import { type Command } from '../command.ts';
import { type ListedRobot, toStateTable } from '../domain/state-table.ts';
import { gatewayFlags, parseFlags, sharedFlags, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';
import { readAnswerBody } from '../read-answer-body.ts';

const flags = { ...sharedFlags, ...gatewayFlags } as const;

export const stateCommand: Command = {
  name: 'state',
  summary: 'show the state of a robot, or of all',
  help: `fleetstream state [robotId] [flags]

Asks the processor through the gateway. One robot: its whole state. None named: a table of all.

  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     print the answer as it came

The token is FLEETSTREAM_API_TOKEN, else that of the local state directory.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const robotId = positionals.length === 0 ? undefined : toRobotId(positionals);
    const access = new PlatformAccess(world);
    const answer = await sendHttpRequest(access.findGateway(values), {
      method: 'GET',
      path: robotId === undefined ? '/v1/robots' : `/v1/robots/${encodeURIComponent(robotId)}`,
      headers: { authorization: `Bearer ${access.findApiToken()}` },
    });
    const body = readAnswerBody(answer);
    if (answer.status !== 200) {
      const { code, detail, title, hint } = body as Partial<Problem>;
      return failRefused(
        [`${answer.status} ${code ?? ''}: ${detail ?? title ?? ''}`, ...(hint ? [hint] : [])].join('\n'),
      );
    }
    if (values.json === true) world.out(answer.body.trim());
    else if (robotId !== undefined) world.out(JSON.stringify(body, undefined, 2));
    else printTable(body, world);
  },
};

function printTable({ robots = [] }: { robots?: readonly ListedRobot[] }, world: { out(line: string): void }): void {
  const ordered = [...robots].sort((a, b) => (a.robotId < b.robotId ? -1 : 1));
  for (const line of toStateTable(ordered)) world.out(line);
}
