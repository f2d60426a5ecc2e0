import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deriveRobotSecret, parseSecretText } from '@fleetstream/signing';
import { failRefused, failUnreachable, failUsage } from './cli-failure.ts';
import { type CliWorld } from './command.ts';
import { type CliConfig, loadCliConfig } from './config.ts';

/** The gateway, and whom to trust in believing that it is the gateway. */
export interface GatewayAddress {
  readonly url: string;
  readonly ca: string | undefined;
}

/** Flags that override where things are. */
export interface AddressFlags {
  readonly gateway?: string | undefined;
  readonly ca?: string | undefined;
  readonly brokers?: string | undefined;
}

/** How a command finds the platform and its secrets: flags, then environment, then the local state directory. */
export class PlatformAccess {
  readonly #world: CliWorld;
  readonly #config: CliConfig;
  readonly #stateDir: string;

  constructor(world: CliWorld) {
    this.#world = world;
    this.#config = loadCliConfig(world.environment);
    this.#stateDir = resolve(world.folder, this.#config.FLEETSTREAM_STATE_DIR);
  }

  findGateway(flags: AddressFlags): GatewayAddress {
    const local = this.#readLocal('local.json');
    const url = flags.gateway ?? this.#config.FLEETSTREAM_GATEWAY_URL ?? local?.['gatewayUrl'];
    if (typeof url !== 'string') {
      return failUnreachable(
        `No platform is known: ${join(this.#stateDir, 'local.json')} isn't there. Run "npm start", or give --gateway and --ca.`,
      );
    }
    if (!URL.canParse(url) || !/^https?:/.test(url)) failUsage(`--gateway: "${url}" is no http or https URL`);
    const caFile = flags.ca ?? this.#config.FLEETSTREAM_CA_FILE ?? local?.['caFile'];
    return { url, ca: typeof caFile === 'string' ? this.#readText(caFile) : undefined };
  }

  findBrokers(flags: AddressFlags): string[] {
    const said =
      flags.brokers ?? this.#config.FLEETSTREAM_KAFKA_BROKERS ?? this.#readLocal('local.json')?.['kafkaBrokers'];
    const brokers = (Array.isArray(said) ? said.map(String) : typeof said === 'string' ? said.split(',') : [])
      .map((broker) => broker.trim())
      .filter((broker) => broker !== '');
    if (brokers.length > 0) return brokers;
    return failUnreachable('No log is known. Run "npm start", give --brokers host:port, or --no-log to leave it out.');
  }

  /** `undefined` for a log that holds no Avro. */
  findSchemaRegistry(): string | undefined {
    return this.#config.SCHEMA_REGISTRY_URL;
  }

  /** The checkpoint store and what opens it; a local start keeps its own beside its addresses. */
  findCheckpoints(given: string | undefined): {
    readonly url: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  } {
    const {
      FLEETSTREAM_CHECKPOINT_URL: set,
      FLEETSTREAM_S3_ACCESS_KEY_ID: accessKeyId,
      FLEETSTREAM_S3_SECRET_ACCESS_KEY: secretAccessKey,
    } = this.#config;
    const local = join(this.#stateDir, 'checkpoints');
    const url = given ?? set ?? (existsSync(local) ? pathToFileURL(local).href : undefined);
    if (url === undefined) {
      return failUnreachable(
        `No checkpoint store is known: ${local} isn't there. Give --store or FLEETSTREAM_CHECKPOINT_URL.`,
      );
    }
    const hasBoth = accessKeyId !== undefined && secretAccessKey !== undefined;
    return { url, credentials: hasBoth ? { accessKeyId, secretAccessKey } : undefined };
  }

  findApiToken(): string {
    const token = this.#config.FLEETSTREAM_API_TOKEN ?? this.#readLocal('secrets.json')?.['apiToken'];
    if (typeof token === 'string' && token !== '') return token;
    return failRefused(`No token for the operators' API: set FLEETSTREAM_API_TOKEN, or run "npm start" here.`);
  }

  findCommandsToken(): string {
    const token = this.#config.FLEETSTREAM_COMMANDS_TOKEN ?? this.#readLocal('secrets.json')?.['commandsToken'];
    if (typeof token === 'string' && token !== '') return token;
    return failRefused('No token for the command service: set FLEETSTREAM_COMMANDS_TOKEN, or run "npm start" here.');
  }

  findRedis(flags: { readonly redis?: string | undefined }): string {
    const url = flags.redis ?? this.#config.FLEETSTREAM_REDIS_URL ?? this.#readLocal('local.json')?.['redisUrl'];
    if (typeof url === 'string' && /^rediss?:\/\//.test(url)) return url;
    return failUnreachable('No Redis is known. Run "npm start", or give --redis redis://host:port.');
  }

  /** A robot's secret from the master key. */
  deriveSecret(robotId: string, keyVersion: number): Buffer {
    return deriveRobotSecret(this.findMasterKey(), robotId, keyVersion);
  }

  /** Of at least 32 bytes. */
  findMasterKey(): Buffer {
    const text = this.#config.FLEETSTREAM_MASTER_KEY ?? this.#readLocal('secrets.json')?.['masterKey'];
    if (typeof text !== 'string') {
      return failRefused(
        `No master key: ${join(this.#stateDir, 'secrets.json')} isn't there and FLEETSTREAM_MASTER_KEY isn't set. Run "npm start" first.`,
      );
    }
    const masterKey = Buffer.from(text, 'base64');
    if (masterKey.length < 32) failRefused('The master key is shorter than 32 bytes.');
    return masterKey;
  }

  /** A secret as given (`env` for the environment's), else the environment's, else derived. */
  findSecret(robotId: string, given: string | undefined, keyVersion: number): Buffer {
    const fromEnvironment = this.#config.FLEETSTREAM_ROBOT_SECRET;
    if (given === 'env' && fromEnvironment === undefined)
      failUsage('--secret env: FLEETSTREAM_ROBOT_SECRET is not set');
    const text = given === undefined || given === 'env' ? fromEnvironment : given;
    if (text === undefined) return this.deriveSecret(robotId, keyVersion);
    // What was given is not repeated: it may be a real secret with a typing error.
    return parseSecretText(text) ?? failUsage('the secret is not "whsec_" and base64 of 24 to 64 bytes');
  }

  #readLocal(name: string): Record<string, unknown> | undefined {
    const file = join(this.#stateDir, name);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      return failRefused(`${file} can't be read: ${(thrown as Error).message}`);
    }
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      return failRefused(`${file} is not JSON; a start that was cut off may have left it so. Run "npm start" again.`);
    }
  }

  #readText(file: string): string {
    const path = resolve(this.#world.folder, file);
    try {
      return readFileSync(path, 'utf8');
    } catch (thrown) {
      return failUsage(`${path} can't be read: ${(thrown as Error).message}`);
    }
  }
}
