// What each later start of the broker profits from; set-up runs it once.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findFreePort } from '../find-free-port.ts';
import { localTools } from '../local-tools.ts';
import { startKafkaBroker } from '../start-kafka-broker.ts';

const tools = localTools();
const part = mkdtempSync(join(tmpdir(), 'fleetstream-kafka-'));
mkdirSync(dirname(tools.kafkaFormattedDir), { recursive: true });

if (!existsSync(tools.kafkaFormattedDir)) {
  const formatted = `${tools.kafkaFormattedDir}.part`;
  rmSync(formatted, { recursive: true, force: true });
  const propertiesFile = join(part, 'format.properties');
  writeFileSync(
    propertiesFile,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:1
listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1
controller.listener.names=CONTROLLER
log.dirs=${formatted}
`,
  );
  execFileSync(
    'java',
    [
      ...[`-Dlog4j2.configurationFile=${tools.logConfigFile}`, '-cp', join(tools.kafkaJarsDir, '*')],
      ...['kafka.tools.StorageTool', 'format', `--cluster-id=${randomBytes(16).toString('base64url')}`],
      ...['--config', propertiesFile],
    ],
    { stdio: 'inherit' },
  );
  renameSync(formatted, tools.kafkaFormattedDir);
}

const archive = join(part, 'classes.jsa');
const broker = await startKafkaBroker({
  dataDir: join(part, 'broker'),
  port: await findFreePort(),
  controllerPort: await findFreePort(),
  logFile: join(part, 'broker.log'),
  writeClassArchive: archive,
});
await broker.stop();
// The folder of the archive is on another file system than a temporary one, perhaps.
execFileSync('cp', [archive, `${tools.kafkaClassArchive}.part`]);
renameSync(`${tools.kafkaClassArchive}.part`, tools.kafkaClassArchive);
rmSync(part, { recursive: true, force: true });
