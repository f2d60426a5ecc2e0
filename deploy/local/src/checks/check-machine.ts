import { accessSync, constants, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { localTools } from '../local-tools.ts';
import { findPortOwner } from './find-port-owner.ts';

const diskBytesMin = 2 * 1024 ** 3;

export interface MachineNeeds {
  readonly ports: ReadonlyMap<number, string>;
  readonly stateDir: string;
  readonly searchPath: string;
  readonly prometheus: boolean;
}

/** What keeps a start from working on this machine: a sentence each, with its remedy. Empty when it is fit. */
export async function checkMachine(wanted: MachineNeeds): Promise<string[]> {
  const ports = await Promise.all([...wanted.ports].map(([port, name]) => checkPort(port, name)));
  const taken = ports.flat();
  const hint =
    taken.length > 2 ? ['Perhaps another "npm start" runs here: Ctrl-C in its terminal ends all of these.'] : [];
  return [...taken, ...hint, ...checkPrograms(wanted), ...checkDisk(wanted.stateDir)];
}

async function checkPort(port: number, name: string): Promise<string[]> {
  const isFree = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
  if (isFree) return [];
  const owner = findPortOwner(port);
  const who =
    owner === undefined
      ? `; "ss -ltnp | grep ${port}" or "lsof -i :${port}" tells by what`
      : ` by process ${owner.pid} (${shorten(owner.command)}); end that one first: "kill ${owner.pid}"`;
  return [`Port ${port} of 127.0.0.1, for ${name}, is taken${who}.`];
}

function checkPrograms({ searchPath, prometheus }: Pick<MachineNeeds, 'searchPath' | 'prometheus'>): string[] {
  const { envoyFile, kafkaFormattedDir } = localTools();
  const programs = ['java', 'redis-server', 'openssl', ...(prometheus ? ['prometheus'] : [])].filter(
    (program) => !searchPath.split(delimiter).some((directory) => canAccess(join(directory, program))),
  );
  const files = [envoyFile, kafkaFormattedDir].filter((file) => !canAccess(file));
  const missing = [...programs, ...files];
  return missing.length === 0
    ? []
    : [
        `Not installed: ${missing.join(', ')}. "npm run setup${missing.includes('prometheus') ? ' -- --for load' : ''}" installs it or says how.`,
      ];
}

function canAccess(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function checkDisk(stateDir: string): string[] {
  const { bavail, bsize } = statfsSync(stateDir);
  const freeBytes = bavail * bsize;
  if (freeBytes >= diskBytesMin) return [];
  return [
    `${stateDir} has ${(freeBytes / 1024 ** 3).toFixed(1)} GiB left; 2 GiB are needed. Free some, or use --state-dir.`,
  ];
}

function shorten(command: string): string {
  return command.length <= 60 ? command : `${command.slice(0, 57)}…`;
}
