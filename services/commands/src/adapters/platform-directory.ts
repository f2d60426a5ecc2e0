import { randomUUID } from 'node:crypto';
import { type KeyValueCache } from '@fleetstream/cache';
import { type LogProducer } from '@fleetstream/kafka';
import { type Clock, type Log } from '@fleetstream/kernel';
import { type CommandsConfig } from '../config.ts';
import { createPlatformFile } from './platform-file.ts';
import { createPlatformHttp } from './platform-http.ts';
import { createPageReader } from './platform-mapping.ts';
import { type PlatformMetrics } from './platform-metrics.ts';
import { createRosterStore } from './platform-roster-store.ts';
import { createRobotDirectory, type RobotDirectory } from './robot-directory.ts';
import { createRobotPlatform, type RobotPlatform } from './robot-platform.ts';

export interface PlatformParts {
  readonly cache: KeyValueCache;
  readonly producer: LogProducer;
  readonly metrics: PlatformMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** The Robot Platform as it is configured, and the list that is kept of it. */
export function createPlatformDirectory(
  config: CommandsConfig,
  { cache, producer, ...parts }: PlatformParts,
): { readonly platform: RobotPlatform | undefined; readonly directory: RobotDirectory } {
  const source = createSource(config);
  const timeoutMs = config.COMMANDS_PLATFORM_TIMEOUT_MS;
  const freshMs = config.COMMANDS_PLATFORM_FRESH_MS;
  const platform =
    source === undefined
      ? undefined
      : createRobotPlatform({ source, timeoutMs, resetMs: config.COMMANDS_PLATFORM_BREAKER_RESET_MS, log: parts.log });
  // Long enough for whoever has the turn to ask again before it ends, however slow the platform and the log are.
  const turnMs = 2 * freshMs + timeoutMs + config.COMMANDS_ACK_TIMEOUT_MS;
  const directory = createRobotDirectory({
    ...parts,
    platform,
    freshMs,
    store: createRosterStore({ cache, instance: randomUUID(), turnSeconds: Math.ceil(turnMs / 1000) }),
    producer: config.COMMANDS_PLATFORM_ENROL ? producer : undefined,
    rules: {
      retireAfterLists: config.COMMANDS_PLATFORM_RETIRE_AFTER_LISTS,
      retireAfterMs: config.COMMANDS_PLATFORM_RETIRE_AFTER_MS,
      lossPercentMax: config.COMMANDS_PLATFORM_LOSS_PERCENT_MAX,
    },
  });
  return { platform, directory };
}

type Source = ReturnType<typeof createPlatformHttp>;

function createSource(config: CommandsConfig): Source | undefined {
  const { COMMANDS_PLATFORM_URL: url, COMMANDS_PLATFORM_FILE: file } = config;
  const readPage = createPageReader(config.COMMANDS_PLATFORM_MAPPING);
  if (file !== undefined) return createPlatformFile({ file, readPage });
  if (url === undefined) return undefined;
  const { COMMANDS_PLATFORM_PAGING: paging, COMMANDS_PLATFORM_PAGE_PARAMETER: given } = config;
  return createPlatformHttp({
    paging: {
      paging,
      listUrl: new URL(config.COMMANDS_PLATFORM_PATH, url.endsWith('/') ? url : `${url}/`),
      pageParameter: given ?? (paging === 'page' ? 'page' : 'cursor'),
      limitParameter: config.COMMANDS_PLATFORM_LIMIT_PARAMETER,
      limit: config.COMMANDS_PLATFORM_PAGE_ROBOTS,
    },
    readPage,
    headers: toCredentials(config),
    robotsMax: config.COMMANDS_PLATFORM_ROBOTS_MAX,
  });
}

function toCredentials(config: CommandsConfig): Readonly<Record<string, string>> {
  const { COMMANDS_PLATFORM_TOKEN: token, COMMANDS_PLATFORM_TOKEN_HEADER: header } = config;
  if (token === undefined) return {};
  return { [header]: header === 'authorization' ? `Bearer ${token}` : token };
}
