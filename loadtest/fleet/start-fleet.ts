import { readFile } from 'node:fs/promises';
import { AppError, systemClock } from '@fleetstream/kernel';
import { createRobotKeys } from '@fleetstream/signing';
import { chooseSource } from './choose-source.ts';
import { type CommandGateway } from './commands/command-gateway.ts';
import { createUndiciCommandGateway } from './commands/command-gateway-undici.ts';
import { type FleetOptions } from './fleet-options.ts';
import { type FleetReport } from './fleet-report.ts';
import { createUndiciGateway } from './gateway-undici.ts';
import { noJournal, openJournal } from './journal-writer.ts';
import { type FleetParts, pollsMax, runFleet } from './run-fleet.ts';

const connectionsMax = 64;
const requestTimeoutMs = 15_000;

/** Puts a fleet together from its options and runs it to its end. */
export async function startFleet(
  options: FleetOptions,
  outside: Pick<FleetParts, 'print' | 'cpuSeconds' | 'shutdown' | 'giveUp'>,
): Promise<FleetReport> {
  const masterKey = await readMasterKey(options.masterKeyFile);
  const source = await chooseSource(options, systemClock.nowMs());
  const ca = options.caFile === undefined ? undefined : await readFile(options.caFile, 'utf8');
  let journalFailure: { readonly cause: unknown } | undefined;
  const failed = new AbortController();
  const journal =
    options.journal === undefined
      ? noJournal
      : await openJournal(options.journal, (thrown) => {
          journalFailure = { cause: thrown };
          failed.abort();
        });
  const gateway = createUndiciGateway({
    url: options.gateway,
    ca,
    connections: Math.min(connectionsMax, source.feeds.length),
    timeoutMs: requestTimeoutMs,
  });
  const shutdown = AbortSignal.any([outside.shutdown, failed.signal]);
  const report = await runFleet({
    ...outside,
    shutdown,
    options,
    source,
    masterKey,
    gateway,
    journal,
    commandGateway: await openCommandGateway(options, ca, masterKey),
    clock: systemClock,
  });
  if (journalFailure !== undefined) throw new Error('the journal could not be written', journalFailure);
  return report;
}

async function openCommandGateway(
  options: FleetOptions,
  ca: string | undefined,
  masterKey: Buffer,
): Promise<CommandGateway | undefined> {
  if (options.commands === undefined) return undefined;
  return createUndiciCommandGateway({
    url: options.commands,
    ca,
    token: await readSecret('--command-token-file', options.commandTokenFile, 'commandsToken'),
    keys: createRobotKeys(masterKey, [1]),
    clock: systemClock,
    run: options.run,
    pollsMax,
  });
}

async function readSecret(flag: string, file: string, name: string): Promise<string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    throw new AppError('FS_CONFIG_INVALID', `${flag} ${file} can't be read as JSON`, { cause: thrown });
  }
  const text = (parsed as Record<string, unknown> | null)?.[name];
  if (typeof text === 'string') return text;
  throw new AppError('FS_CONFIG_INVALID', `${flag} ${file} holds no "${name}"`);
}

async function readMasterKey(file: string): Promise<Buffer> {
  const key = Buffer.from(await readSecret('--master-key-file', file, 'masterKey'), 'base64');
  if (key.length < 32) {
    throw new AppError('FS_CONFIG_INVALID', `--master-key-file ${file} holds no "masterKey" of 32 bytes in base64`);
  }
  return key;
}
