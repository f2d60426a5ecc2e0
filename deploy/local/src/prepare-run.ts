import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkClientCa } from './checks/check-client-ca.ts';
import { checkMachine } from './checks/check-machine.ts';
import { endLeftovers } from './checks/recorded-children.ts';
import { type LocalLayout, toLocalLayout } from './local-layout.ts';
import { listPorts } from './parts/create-parts.ts';
import { openSecrets, writeCommandsToken } from './parts/local-secrets.ts';
import { openStateDirectory } from './parts/state-directory.ts';
import { type StartOptions } from './start-options.ts';

export type Prepared =
  | { readonly kind: 'ready'; readonly layout: LocalLayout }
  | { readonly kind: 'unfit'; readonly problems: readonly string[] };

/**
 * Ends what an earlier start left, opens the state directory and looks whether this machine can do it.
 *
 * @throws AppError FS_CONFIG_INVALID when the directory is somebody else's or in use
 */
export async function prepareRun(
  options: StartOptions,
  searchPath: string,
  onNotice: (text: string) => void,
): Promise<Prepared> {
  const layout = toLocalLayout(resolve(options.stateDir), options.portOffset);
  const ended = await endLeftovers(layout.childrenFile);
  if (ended.length > 0) onNotice(`Ended ${ended.length} processes that an earlier start had left running.`);
  openStateDirectory(layout, options.fresh);
  await writeCommandsToken(layout.secretsFile, openSecrets(layout.secretsFile));
  // What the journal of an earlier run says is not this run's history.
  rmSync(layout.journalFile, { force: true });
  rmSync(layout.commandJournalFile, { force: true });
  const ports = listPorts(layout.ports, options);
  const { prometheus, clientCerts } = options;
  const problems = [
    ...(clientCerts === undefined ? [] : checkClientCa(clientCerts.caFile, Date.now())),
    ...(await checkMachine({ ports, stateDir: layout.stateDir, searchPath, prometheus })),
  ];
  return problems.length > 0 ? { kind: 'unfit', problems } : { kind: 'ready', layout };
}
