import { randomUUID } from 'node:crypto';
import { contentTypes, type IngestAnswer, type Problem, toRobotSource } from '@fleetstream/contracts';
import { sendHttpRequest } from '../adapters/http-request.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type Command, type CliWorld } from '../command.ts';
import { gatewayFlags, parseFlags, sharedFlags, toKeyVersion, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';
import { readAnswerBody } from '../read-answer-body.ts';
import { readContent } from '../read-content.ts';
import { signBody } from '../sign-body.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  ...gatewayFlags,
  type: text,
  data: text,
  id: text,
  time: text,
  secret: text,
  'key-version': text,
} as const;

export const sendCommand: Command = {
  name: 'send',
  summary: 'send one event as a robot',
  help: `fleetstream send <robotId> --type TYPE --data JSON|@FILE|- [flags]

Signs an event and posts it through the gateway. Exit code 1 when it isn't accepted.

  --type TYPE         robot.state.v1, robot.telemetry.v1, robot.alert.v1, … (docs/events.md)
  --data JSON         the event's data; @FILE reads a file, - standard input
  --id TEXT           the event's id; the same id again is a duplicate (a fresh one)
  --time TEXT         the robot's clock, RFC 3339 (now)
  --secret whsec_…    the robot's secret; "env" takes FLEETSTREAM_ROBOT_SECRET (default: that, else derived)
  --key-version N     version of the derived key (1)
  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json              print the answer as it came

  npx fleetstream send picker-7 --type robot.alert.v1 --data '{"code":"DOOR_OPEN","level":"WARNING"}'`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const robotId = toRobotId(positionals);
    const { type, id = randomUUID(), time = new Date().toISOString() } = values;
    if (type === undefined) return failUsage('Which type? Give --type, for example robot.telemetry.v1.');
    if (values.data === undefined) return failUsage("Give the event's data with --data.");
    const access = new PlatformAccess(world);
    const gateway = access.findGateway(values);
    const secret = access.findSecret(robotId, values.secret, toKeyVersion(values['key-version']));
    const data = await readData(world, values.data);
    const event = { specversion: '1.0', id, source: toRobotSource(robotId), type, time, data };
    const body = Buffer.from(JSON.stringify(event));
    const answer = await sendHttpRequest(gateway, {
      method: 'POST',
      path: `/v1/robots/${encodeURIComponent(robotId)}/events`,
      headers: { 'content-type': contentTypes.cloudEvent, ...signBody({ secret, body }) },
      body,
    });
    const { results } = readAnswerBody(answer) as Partial<IngestAnswer & Problem>;
    if (results === undefined || answer.status >= 400) return failRefused(describeRefusal(answer.body, answer.status));
    if (values.json === true) world.out(answer.body.trim());
    else for (const one of results) world.out(`${one.id} ${one.result}`);
    // A 202 also says `retry`: the platform asks for the same event again.
    if (results.some(({ result }) => result === 'retry')) failRefused(`Not taken yet; send it again with --id ${id}.`);
  },
};

async function readData(world: CliWorld, given: string): Promise<unknown> {
  const fromElsewhere = given === '-' || given.startsWith('@');
  const json = fromElsewhere ? (await readContent(world, given.replace(/^@/, ''))).toString('utf8') : given;
  try {
    return JSON.parse(json);
  } catch {
    return failUsage(`--data: ${fromElsewhere ? given : 'the text'} is not JSON`);
  }
}

function describeRefusal(body: string, status: number): string {
  const problem = readAnswerBody({ body, status }) as Partial<Problem>;
  const reasons = (problem.results ?? []).map(({ id, code, detail }) =>
    `  ${id}: ${code ?? ''} ${detail ?? ''}`.trimEnd(),
  );
  const head = `${status} ${problem.code ?? ''}: ${problem.detail ?? problem.title ?? 'refused'}`;
  return [head, ...reasons, ...(problem.hint === undefined ? [] : [problem.hint])].join('\n');
}
