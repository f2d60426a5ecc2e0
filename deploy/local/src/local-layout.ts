import { join } from 'node:path';
import { type LocalPorts, shiftPorts } from './ports.ts';

/** Where everything of a local run lies, below its state directory. */
export interface LocalLayout {
  readonly stateDir: string;
  readonly ports: LocalPorts;
  readonly kafkaBrokers: string;
  readonly gatewayUrl: string;
  readonly platformUrl: string;
  /** The command service itself; robots and operators reach it through the gateway. */
  readonly commandsUrl: string;
  processorUrl(index: number): string;
  /** Says that the directory is ours; without it nothing is ever deleted. */
  readonly markerFile: string;
  readonly childrenFile: string;
  readonly secretsFile: string;
  /** What the CLI needs to find the platform. */
  readonly addressesFile: string;
  readonly platformFile: string;
  readonly journalFile: string;
  readonly commandJournalFile: string;
  readonly logsDir: string;
  readonly kafkaDir: string;
  readonly redisDir: string;
  readonly tlsDir: string;
  readonly envoyConfigFile: string;
  readonly checkpointsDir: string;
  readonly prometheusUrl: string;
  readonly prometheusDir: string;
  processorStateDir(index: number): string;
  logFile(name: string): string;
}

export function toLocalLayout(stateDir: string, portOffset = 0): LocalLayout {
  const ports = shiftPorts(portOffset);
  return {
    stateDir,
    ports,
    kafkaBrokers: `127.0.0.1:${ports.kafka}`,
    gatewayUrl: `https://localhost:${ports.gateway}`,
    platformUrl: `http://127.0.0.1:${ports.platform}`,
    commandsUrl: `http://127.0.0.1:${ports.commandsFirst}`,
    processorUrl: (index) => `http://127.0.0.1:${ports.processorFirst + index}`,
    markerFile: join(stateDir, 'fleetstream-state-directory'),
    childrenFile: join(stateDir, 'children.json'),
    secretsFile: join(stateDir, 'secrets.json'),
    addressesFile: join(stateDir, 'local.json'),
    platformFile: join(stateDir, 'platform-robots.json'),
    journalFile: join(stateDir, 'journal.ndjson'),
    commandJournalFile: join(stateDir, 'command-journal.ndjson'),
    logsDir: join(stateDir, 'logs'),
    kafkaDir: join(stateDir, 'kafka'),
    redisDir: join(stateDir, 'redis'),
    tlsDir: join(stateDir, 'tls'),
    envoyConfigFile: join(stateDir, 'gateway', 'envoy.yaml'),
    prometheusUrl: `http://127.0.0.1:${ports.prometheus}`,
    prometheusDir: join(stateDir, 'prometheus'),
    checkpointsDir: join(stateDir, 'checkpoints'),
    processorStateDir: (index) => join(stateDir, 'processors', String(index)),
    logFile: (name) => join(stateDir, 'logs', `${name}.log`),
  };
}
