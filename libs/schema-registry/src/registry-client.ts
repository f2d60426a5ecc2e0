import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { type AvroRecordSchema } from '@fleetstream/contracts';
import { AppError, type Log, toMessage } from '@fleetstream/kernel';
import { COMPATIBILITY, SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import CircuitBreaker from 'opossum';

/** A schema as the registry's client compiled it; nobody looked yet whether it is an Avro one. */
export type FoundSchema = Awaited<ReturnType<SchemaRegistry['getSchema']>>;

export interface RegistryClient {
  /**
   * Registers a schema as the newest of its subject, or finds it there, and answers its id.
   *
   * @throws AppError FS_SCHEMA_INCOMPATIBLE when the registry refuses it; FS_SCHEMA_REGISTRY_UNAVAILABLE
   */
  register(subject: string, schema: AvroRecordSchema): Promise<number>;
  /** The id of a subject's newest schema. @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE */
  findLatestId(subject: string): Promise<number | undefined>;
  /** `undefined` when the registry says that there is none. @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE */
  findSchema(schemaId: number): Promise<FoundSchema | undefined>;
  close(): void;
}

const timeoutMs = 5000;
const leaveAloneMs = 2000;
const failuresMin = 3;

/** The Confluent API of a registry (Confluent's, Apicurio's `/apis/ccompat/v7`, Redpanda's …) behind a breaker. */
export function createRegistryClient(options: { readonly url: string; readonly log: Log }): RegistryClient {
  const { log } = options;
  const url = new URL(options.url);
  const auth = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  const host = `${url.origin}${url.pathname.replace(/\/$/, '')}`;
  const agent = url.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const registry = new SchemaRegistry({
    host,
    agent,
    clientId: 'fleetstream',
    // Callers try again themselves, with a breaker between.
    retry: { retries: 0 },
    ...(auth.username === '' ? {} : { auth }),
  });
  const breaker = new CircuitBreaker((call: () => Promise<unknown>) => call(), {
    name: 'schema-registry',
    timeout: timeoutMs,
    resetTimeout: leaveAloneMs,
    volumeThreshold: failuresMin,
    errorThresholdPercentage: 50,
    // An answer that says no is an answer.
    errorFilter: (thrown: unknown) => isRefusal(thrown),
  });
  breaker.on('open', () => {
    log.warn({ registry: host }, 'the schema registry does not answer');
  });
  breaker.on('close', () => {
    log.info({ registry: host }, 'the schema registry answers again');
  });

  async function ask<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return (await breaker.fire(call)) as Value;
    } catch (thrown) {
      if (statusOf(thrown) === 404) return undefined;
      if (isRefusal(thrown)) throw new AppError('FS_SCHEMA_INCOMPATIBLE', toMessage(thrown), { cause: thrown });
      const message = `The schema registry at ${host} did not answer: ${toMessage(thrown)}`;
      throw new AppError('FS_SCHEMA_REGISTRY_UNAVAILABLE', message, { cause: thrown });
    }
  }

  return {
    register: async (subject, schema) => {
      // The log keeps events of several versions, which several versions read: each has to read each.
      const rules = { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE };
      const registered = await ask(() => registry.register(schema, rules));
      if (registered !== undefined) return registered.id;
      throw new AppError('FS_SCHEMA_REGISTRY_UNAVAILABLE', `${host} has no Confluent API: its path was not found`);
    },
    findLatestId: (subject) => ask(() => registry.getLatestSchemaId(subject)),
    findSchema: (schemaId) => ask(() => registry.getSchema(schemaId)),
    close: () => {
      breaker.shutdown();
      agent.destroy();
    },
  };
}

/** Whether the registry understood the question and said no: a conflict, an invalid schema, another compatibility. */
function isRefusal(thrown: unknown): boolean {
  const status = statusOf(thrown);
  if (status === 404 || status === 409 || status === 422) return true;
  return thrown instanceof Error && thrown.name === 'ConfluentSchemaRegistryCompatibilityError';
}

function statusOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
}
