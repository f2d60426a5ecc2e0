import { deriveRobotSecret, parseSecretText, toSecretText, verifyContent } from '@fleetstream/signing';
import { afterAll, describe, expect, it } from 'vitest';
import { createTestingWorld } from './testing-world.ts';

// A port that nobody listens on: discard, which needs a privilege to bind.
const world = createTestingWorld({ gatewayUrl: 'http://127.0.0.1:9', kafkaBrokers: '127.0.0.1:9' });
const emptyWorld = createTestingWorld();

afterAll(() => {
  world.remove();
  emptyWorld.remove();
});

describe('fleetstream', () => {
  it.each([
    { name: 'no command is a usage error', args: [], code: 2, says: /enroll +make a robot known/ },
    { name: 'help is help', args: ['--help'], code: 0, says: /Exit codes/ },
    { name: 'each command has help', args: ['send', '--help'], code: 0, says: /--type TYPE/ },
    { name: 'a mistyped command is recognised', args: ['enrol', 'r'], code: 2, says: /did you mean "enroll"\?/ },
    { name: 'a strange command is not guessed', args: ['xyzzyplugh'], code: 2, says: /there is no "xyzzyplugh"\n/ },
    { name: 'an unknown flag', args: ['sign', 'r', '--bdy', 'x'], code: 2, says: /'--bdy'/ },
    { name: 'a robot id is needed', args: ['sign', '--body', 'x'], code: 2, says: /Which robot\?/ },
    { name: 'one robot id', args: ['state', 'a', 'b'], code: 2, says: /One robot id, not "a b"/ },
    { name: 'a path is no robot id', args: ['state', '../x'], code: 2, says: /no robot id/ },
    { name: 'a body is needed', args: ['sign', 'r'], code: 2, says: /Which bytes\?/ },
    {
      name: 'a body must be readable',
      args: ['sign', 'r', '--body', 'none.json'],
      code: 2,
      says: /none\.json can't be read/,
    },
    { name: 'a type is needed', args: ['send', 'r', '--data', '{}'], code: 2, says: /Which type\?/ },
    { name: 'data must be JSON', args: ['send', 'r', '--type', 't', '--data', '{'], code: 2, says: /is not JSON/ },
    { name: 'a key version is a number', args: ['enroll', 'r', '--key-version', '0'], code: 2, says: /--key-version/ },
    {
      name: 'a secret that is none is not repeated',
      args: ['send', 'r', '--type', 't', '--data', '1', '--secret', 'hunter2'],
      code: 2,
      says: /^(?!.*hunter2)/s,
    },
    { name: 'commands need an action', args: ['command', 'do'], code: 2, says: /command send, watch, status, / },
    { name: 'a command needs a robot and an action', args: ['command', 'send', 'r'], code: 2, says: /and an action/ },
    {
      name: 'parameters are JSON',
      args: ['command', 'send', 'r', 'go', '--parameters', '{'],
      code: 2,
      says: /not JSON/,
    },
    { name: 'an expiry has a unit', args: ['command', 'send', 'r', 'go', '--expires', '5'], code: 2, says: /30s, 5m/ },
    { name: 'insights need an action', args: ['insights'], code: 2, says: /insights list, or insights replay/ },
    { name: 'a limit is a number', args: ['insights', 'list', '--limit', '0'], code: 2, says: /--limit/ },
    { name: 'nothing listens', args: ['state'], code: 3, says: /nothing listens there.*Does "npm start" run\?/s },
    {
      name: 'nothing takes events',
      args: ['send', 'r', '--type', 't', '--data', '{}'],
      code: 3,
      says: /can't be reached/,
    },
  ])('$name', async ({ args, code, says }) => {
    const result = await world.run(args);
    expect(result).toMatchObject({ code });
    expect(result.out + result.notes).toMatch(says);
  });

  it.each([
    { name: 'state', args: ['state'], code: 3, says: /Run "npm start"/ },
    { name: 'send', args: ['send', 'r', '--type', 't', '--data', '{}'], code: 3, says: /Run "npm start"/ },
    { name: 'enroll', args: ['enroll', 'r'], code: 1, says: /No master key.*Run "npm start"/ },
  ])('$name says what is missing where nothing was ever started', async ({ args, code, says }) => {
    const result = await emptyWorld.run(args);
    expect(result.code).toBe(code);
    expect(result.notes).toMatch(says);
  });

  it('refuses a mistyped variable', async () => {
    const result = await world.run(['state'], { environment: { FLEETSTREAM_API_TOKE: 'x' } });
    expect(result).toMatchObject({ code: 2, notes: expect.stringContaining('FLEETSTREAM_API_TOKEN') as string });
  });
});

describe('fleetstream enroll', () => {
  it('prints the derived secret and nothing else on standard output', async () => {
    const { code, out, notes } = await world.run(['enroll', 'r1', '--no-log']);
    expect({ code, out }).toEqual({ code: 0, out: toSecretText(deriveRobotSecret(world.masterKey, 'r1', 1)) });
    expect(notes).not.toContain('whsec_');
  });

  it('has another secret for another version', async () => {
    const { out } = await world.run(['enroll', 'r1', '--no-log', '--key-version', '2', '--json']);
    const secret = toSecretText(deriveRobotSecret(world.masterKey, 'r1', 2));
    expect(JSON.parse(out)).toEqual({ robotId: 'r1', secret, keyVersion: 2 });
  });

  it('prints no secret when the log can not be reached', async () => {
    expect(await world.run(['enroll', 'r1'])).toMatchObject({ code: 3, out: '' });
  });
});

describe('fleetstream sign', () => {
  const body = '{"type":"robot.alert.v1"}\n';
  const secret = () => deriveRobotSecret(world.masterKey, 'r1', 1);

  it('prints headers that hold for exactly the bytes of the file', async () => {
    world.write('body.json', body);
    const { code, out } = await world.run([
      'sign',
      'r1',
      '--body',
      'body.json',
      '--id',
      'm1',
      '--timestamp',
      '1700000000',
    ]);
    expect(code).toBe(0);
    const headers = Object.fromEntries(out.split('\n').map((line) => line.split(': ', 2) as [string, string]));
    expect(headers).toMatchObject({ 'webhook-id': 'm1', 'webhook-timestamp': '1700000000' });
    const content = { id: 'm1', timestamp: '1700000000', body: Buffer.from(body) };
    expect(verifyContent([secret()], content, headers['webhook-signature'] ?? '')).toBe(true);
  });

  it.each([
    { name: 'standard input', args: ['--body', '-'], more: { input: body } },
    { name: "a secret of the robot's own", args: ['--body', 'body.json', '--secret'], own: true, more: {} },
  ])('signs the same with $name', async ({ args, own, more }) => {
    world.write('body.json', body);
    const fixed = ['--id', 'm1', '--timestamp', '1700000000'];
    const expected = await world.run(['sign', 'r1', '--body', 'body.json', ...fixed]);
    const given = own === true ? [...args, toSecretText(secret())] : args;
    expect((await world.run(['sign', 'r1', ...given, ...fixed], more)).out).toBe(expected.out);
  });

  it('takes the secret from the environment before it derives one', async () => {
    const other = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
    const environment = { FLEETSTREAM_ROBOT_SECRET: other };
    const { out } = await world.run(['sign', 'r1', '--body', '-', '--json'], { input: body, environment });
    const headers = JSON.parse(out) as Record<string, string>;
    const [id = '', timestamp = '', signature = ''] = Object.values(headers);
    const otherSecret = parseSecretText(other) ?? Buffer.alloc(0);
    expect(verifyContent([otherSecret], { id, timestamp, body: Buffer.from(body) }, signature)).toBe(true);
  });

  it("prints curl's arguments", async () => {
    const { out } = await world.run(['sign', 'r1', '--body', '-', '--curl'], { input: body });
    expect(out).toMatch(
      /^-H 'webhook-id: msg-[\w-]+' -H 'webhook-timestamp: \d+' -H 'webhook-signature: v1,[\w+/=]+'$/,
    );
  });
});
