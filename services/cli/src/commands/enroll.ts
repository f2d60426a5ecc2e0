import { type RobotEnrolledData } from '@fleetstream/contracts';
import { toSecretText } from '@fleetstream/signing';
import { appendEnrolment } from '../adapters/enrolment-log.ts';
import { type Command } from '../command.ts';
import { parseFlags, sharedFlags, toKeyVersion, toRobotId } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';

const text = { type: 'string' } as const;
const flags = {
  ...sharedFlags,
  fleet: text,
  site: text,
  model: text,
  name: text,
  'key-version': text,
  brokers: text,
  'no-log': { type: 'boolean' },
} as const;

export const enrollCommand: Command = {
  name: 'enroll',
  summary: 'make a robot known and print its secret',
  help: `fleetstream enroll <robotId> [flags]

Writes fleet.robot-enrolled.v1 to the log and prints the robot's secret, alone, on standard output. The secret is derived
from the master key and stored nowhere; enrolling again prints it again.

  --name, --fleet, --site, --model TEXT   what is known of the robot
  --key-version N                         version of its derived key (1)
  --no-log                                only print the secret
  --brokers HOST:PORT                     of the log (default: what "npm start" wrote down)
  --json                                  everything as one JSON object

  secret=$(npx fleetstream enroll picker-7 --site demo)`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, flags);
    const robotId = toRobotId(positionals);
    const keyVersion = toKeyVersion(values['key-version']);
    const access = new PlatformAccess(world);
    const secret = toSecretText(access.deriveSecret(robotId, keyVersion));
    const { name, fleet, site, model } = values;
    const data: RobotEnrolledData = {
      ...(name !== undefined && { name }),
      ...(fleet !== undefined && { fleet }),
      ...(site !== undefined && { site }),
      ...(model !== undefined && { model }),
      keyVersion,
    };
    const logged = values['no-log'] !== true;
    const position = logged ? await appendEnrolment(access.findBrokers(values), robotId, data) : undefined;
    if (values.json === true) {
      world.out(JSON.stringify({ robotId, secret, keyVersion, ...position }));
      return;
    }
    world.out(secret);
    const where =
      position === undefined ? 'not in the log' : `partition ${position.partition}, offset ${position.offset}`;
    world.note(`${robotId} is enrolled (${where}), key version ${keyVersion}. Its secret is on standard output.`);
  },
};
