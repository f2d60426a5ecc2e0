import { createTokenVerifier, type TokenVerifier } from '@fleetstream/access';
import { createRateLimit, type RateLimit } from '@fleetstream/cache';
import { type LogSourceOptions } from '@fleetstream/kafka';
import { type Clock, type Log } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { type AuditLog, createAuditLog } from './adapters/audit-log.ts';
import { createLiveStates, type LiveStates } from './adapters/live-states.ts';
import { type CommandStreams, createCommandStreams } from './command-streams.ts';
import { type CommandsConfig } from './config.ts';
import { type CommandsMetrics } from './metrics.ts';
import { createRobotPlaces, type RobotPlaces, type RobotPlaceSources } from './robot-places.ts';

/** What the operators' API needs beside the commands themselves. */
export interface OperatorParts {
  readonly verifier: TokenVerifier;
  readonly rateLimit: RateLimit;
  readonly streams: CommandStreams;
  readonly audit: AuditLog;
  /** `undefined`: no processor is configured. */
  readonly live: LiveStates | undefined;
  readonly places: RobotPlaces;
  readonly components: readonly Component[];
}

export interface OperatorOutside {
  readonly kafka: LogSourceOptions['kafka'];
  readonly directory: RobotPlaceSources['directory'];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<CommandsMetrics, 'cacheFailure'>;
}

export function createOperatorParts(config: CommandsConfig, outside: OperatorOutside): OperatorParts {
  const { kafka, directory, clock, log, metrics } = outside;
  const rateLimit = createRateLimit({
    ...{ url: config.REDIS_URL, log, clock, prefix: 'commands-rate', timeoutMs: config.COMMANDS_CACHE_TIMEOUT_MS },
    perSecond: config.COMMANDS_RATE_PER_SECOND,
    burst: config.COMMANDS_RATE_BURST,
    onFailure: (reason) => {
      metrics.cacheFailure('spend', reason);
    },
  });
  const streams = createCommandStreams({ clock, max: config.COMMANDS_MAX_STREAMS });
  const audit = createAuditLog({ kafka, log });
  const live = createLive(config, clock, log);
  const places = createRobotPlaces({ directory, ...(live !== undefined && { live }) });
  const components = [rateLimit, audit, ...(live === undefined ? [] : [live]), streams];
  return { verifier: createVerifier(config), rateLimit, streams, audit, live, places, components };
}

function createLive(config: CommandsConfig, clock: Clock, log: Log): LiveStates | undefined {
  const { COMMANDS_PROCESSOR_URL: url, COMMANDS_PROCESSOR_TOKEN: token } = config;
  const timeoutMs = config.COMMANDS_PROCESSOR_TIMEOUT_MS;
  return url === undefined ? undefined : createLiveStates({ url, token, timeoutMs, clock, log });
}

function createVerifier(config: CommandsConfig): TokenVerifier {
  const { COMMANDS_JWT_SECRET: secret, COMMANDS_JWKS_URL: url = '' } = config;
  return createTokenVerifier({
    keys: secret === undefined ? { kind: 'jwks', url } : { kind: 'secret', secret },
    issuer: config.COMMANDS_JWT_ISSUER,
    audience: config.COMMANDS_JWT_AUDIENCE,
    serviceTokens: config.COMMANDS_SERVICE_TOKENS,
  });
}
