import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { toMessage } from '@fleetstream/kernel';
import { sendHttpRequest } from '../adapters/http-request.ts';
import { failRefused, failUsage } from '../cli-failure.ts';
import { type CliWorld, type Command } from '../command.ts';
import { parseCapsule } from '../parse-capsule.ts';
import { gatewayFlags, parseFlags, sharedFlags, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';
import { readAnswerBody } from '../read-answer-body.ts';
import { toProblemText } from '../to-problem-text.ts';

const text = { type: 'string' } as const;
const flags = { ...sharedFlags, ...gatewayFlags, from: text, to: text, out: text } as const;
const timeoutMs = 60_000;

export const capsuleCommand: Command = {
  name: 'capsule',
  summary: "keep a stretch of a robot's history in one file",
  help: `fleetstream capsule <robotId> --from MOMENT [--to MOMENT] [flags]

Writes a file that holds everything an incident needs to be folded again anywhere: the robot's state before, its records,
what they led to, and the model's rules. "fleetstream replay" folds it.

  --from, --to MOMENT        an offset of the robot's partition, or a time (2026-01-31T12:00:00Z); --to: the log's end
  --out FILE                 (default: <robotId>.capsule.json.gz; a name without .gz is written as it is; - is standard output)
  --gateway URL, --ca FILE   (default: what "npm start" wrote down)
  --json                     say what was written as one JSON object

The file holds what robots sent: treat it as you treat the log.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const robotId = toRobotId(positionals);
    if (values.from === undefined) return failUsage('--from: where does the stretch begin?');
    const query = new URLSearchParams({ from: values.from, ...(values.to === undefined ? {} : { to: values.to }) });
    const access = new PlatformAccess(world);
    const answer = await sendHttpRequest(access.findGateway(values), {
      method: 'GET',
      path: `/v1/robots/${encodeURIComponent(robotId)}/capsule?${query.toString()}`,
      headers: { authorization: `Bearer ${access.findApiToken()}` },
      timeoutMs,
    });
    const body = readAnswerBody(answer);
    if (answer.status !== 200) return failRefused(toProblemText(answer.status, body));
    const capsule = parseCapsule(answer.body);
    const file = values.out ?? `${robotId}.capsule.json.gz`;
    write(file, answer.body, world);
    const { events, outputs } = capsule.content;
    const said = { file, events: events.length, outputs: outputs.length, sha256: capsule.sha256 };
    if (values.json === true) world.note(JSON.stringify(said));
    else world.note(`${file}: ${said.events} events, ${said.outputs} outputs, sha256 ${said.sha256}`);
  },
};

function write(file: string, body: string, world: CliWorld): void {
  if (file === '-') {
    world.out(body);
    return;
  }
  const path = resolve(world.folder, file);
  try {
    writeFileSync(path, file.endsWith('.gz') ? gzipSync(body) : body);
  } catch (thrown) {
    failUsage(`${path} can't be written: ${toMessage(thrown)}`);
  }
}
