import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { AppError } from '@fleetstream/kernel';

export interface LocalSecrets {
  /** Base64 of 32 bytes; every robot's signing secret is derived from it. */
  readonly masterKey: string;
  /** What the processors' API takes as bearer token. */
  readonly apiToken: string;
}

/** Reads the secrets of this state directory; makes them, readable by this user alone, at its first start. */
export function openSecrets(file: string): LocalSecrets {
  if (!existsSync(file)) {
    const made: LocalSecrets = {
      masterKey: randomBytes(32).toString('base64'),
      apiToken: randomBytes(24).toString('hex'),
    };
    writeFileSync(file, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    return made;
  }
  const found = parseSecrets(readFileSync(file, 'utf8'));
  if (found === undefined) {
    throw new AppError('FS_CONFIG_INVALID', `${file} can't be read as secrets; start with --fresh to make new ones.`);
  }
  return found;
}

function parseSecrets(text: string): LocalSecrets | undefined {
  let parsed: Partial<Record<keyof LocalSecrets, unknown>> | null;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    return undefined;
  }
  const { masterKey, apiToken } = parsed ?? {};
  if (typeof masterKey !== 'string' || Buffer.from(masterKey, 'base64').length !== 32) return undefined;
  return typeof apiToken === 'string' && apiToken.length >= 32 ? { masterKey, apiToken } : undefined;
}
