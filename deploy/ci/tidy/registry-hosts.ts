import { execFileSync } from 'node:child_process';

/** The hosts of package registries that this machine's clients are set up with, where those clients are there. */
export function listRegistryHosts(environment: Readonly<Record<string, string | undefined>>): string[] {
  const texts = [
    ask('npm', ['config', 'get', 'registry']),
    ask('python3', ['-m', 'pip', 'config', 'list']),
    environment['GOPROXY'] ?? '',
    environment['PIP_INDEX_URL'] ?? '',
  ];
  const hosts = texts.flatMap((text) => [...text.matchAll(/https?:\/\/(?:[^/\s@,|']*@)?([^/\s,|'":]+)/g)]);
  return [...new Set(hosts.map((match) => match[1] ?? ''))].filter((host) => host.includes('.'));
}

function ask(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 });
  } catch {
    // The client isn't here, so nothing of it can have leaked from here.
    return '';
  }
}
