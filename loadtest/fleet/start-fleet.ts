import { readFile } from 'node:fs/promises';
import { AppError, systemClock } from '@fleetstream/kernel';
import { chooseSource } from './choose-source.ts';
import { type FleetOptions } from './fleet-options.ts';
import { type FleetReport } from './fleet-report.ts';
import { createUndiciGateway } from './gateway-undici.ts';
import { noJournal, openJournal } from './journal-writer.ts';
import { type FleetParts, runFleet } from './run-fleet.ts';

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
    clock: systemClock,
  });
  if (journalFailure !== undefined) throw new Error('the journal could not be written', journalFailure);
  return report;
}

async function readMasterKey(file: string): Promise<Buffer> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    throw new AppError('FS_CONFIG_INVALID', `--master-key-file ${file} can't be read as JSON`, { cause: thrown });
  }
  const text = (parsed as { masterKey?: unknown } | null)?.masterKey;
  const key = typeof text === 'string' ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (key.length < 32) {
    throw new AppError('FS_CONFIG_INVALID', `--master-key-file ${file} holds no "masterKey" of 32 bytes in base64`);
  }
  return key;
}
