import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { signToken } from '@fleetstream/access';
import { AppError } from '@fleetstream/kernel';

export interface LocalSecrets {
  /** Base64 of 32 bytes; every robot's signing secret is derived from it. */
  readonly masterKey: string;
  /** What the processors' API takes as bearer token. */
  readonly apiToken: string;
  /** Signs the bearer tokens that the command service takes. */
  readonly commandsJwtSecret: string;
}

/** Reads the secrets of this state directory; makes them, readable by this user alone, at its first start. */
export function openSecrets(file: string): LocalSecrets {
  if (!existsSync(file)) {
    const made: LocalSecrets = {
      masterKey: randomBytes(32).toString('base64'),
      apiToken: randomBytes(24).toString('hex'),
      commandsJwtSecret: makeJwtSecret(),
    };
    replaceFile(file, made);
    return made;
  }
  const found = parseSecrets(readFileSync(file, 'utf8'));
  if (found === undefined) {
    throw new AppError('FS_CONFIG_INVALID', `${file} can't be read as secrets; start with --fresh to make new ones.`);
  }
  if (found.commandsJwtSecret !== undefined) return { ...found, commandsJwtSecret: found.commandsJwtSecret };
  // Made by a version without commands; robots keep their secrets.
  const completed = { ...found, commandsJwtSecret: makeJwtSecret() };
  replaceFile(file, completed);
  return completed;
}

/** What the Robot Platform stand-in wants to see from who reads its robots; made of a secret that is kept anyway. */
export function toPlatformToken({ apiToken }: Pick<LocalSecrets, 'apiToken'>): string {
  return createHmac('sha256', apiToken).update('robot-platform').digest('hex');
}

const tokenDays = 30;

/** Puts an administrator's token for the command service beside the secrets, anew at each start: it lasts 30 days. */
export async function writeCommandsToken(file: string, secrets: LocalSecrets): Promise<void> {
  const commandsToken = await signToken(secrets.commandsJwtSecret, {
    subject: 'local-admin',
    role: 'admin',
    expiresInSeconds: tokenDays * 86_400,
  });
  replaceFile(file, { ...secrets, commandsToken });
}

function makeJwtSecret(): string {
  return randomBytes(32).toString('hex');
}

/** The file is whole at every moment. */
function replaceFile(file: string, content: object): void {
  const part = `${file}.part`;
  writeFileSync(part, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(part, file);
}

type StoredSecrets = Omit<LocalSecrets, 'commandsJwtSecret'> & { readonly commandsJwtSecret: string | undefined };

function parseSecrets(text: string): StoredSecrets | undefined {
  let parsed: Partial<Record<keyof LocalSecrets, unknown>> | null;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    return undefined;
  }
  const { masterKey, apiToken, commandsJwtSecret: jwtSecret } = parsed ?? {};
  if (typeof masterKey !== 'string' || Buffer.from(masterKey, 'base64').length !== 32) return undefined;
  const commandsJwtSecret = typeof jwtSecret === 'string' && jwtSecret.length >= 32 ? jwtSecret : undefined;
  return typeof apiToken === 'string' && apiToken.length >= 32 ? { masterKey, apiToken, commandsJwtSecret } : undefined;
}
