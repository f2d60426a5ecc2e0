import { contentTypes, isAvroEvent } from '@fleetstream/contracts';
import { AppError, type Log, toAppError } from '@fleetstream/kernel';
import { type AvroSchemas } from './avro-schemas.ts';

/** `off` without a registry; `ok`; otherwise why nothing can be written. */
export type RegistryStatus = 'off' | 'ok' | `waiting: ${string}`;

export interface EncodedEvent {
  readonly value: Buffer;
  /** Left out for JSON, which is what the log takes for granted. */
  readonly contentType?: string;
}

/** What a codec looks at in a record of `fleet.events`. */
export interface StoredValue {
  readonly value: Buffer | null;
  readonly contentType: string | undefined;
}

export interface EventCodecOptions {
  /** Confluent API of a schema registry, with `user:password@` if it asks for them; without one events are JSON. */
  readonly url: string | undefined;
  /** Writers register the schema of events; readers only look schemas up. */
  readonly role: 'writer' | 'reader';
  readonly log: Log;
}

/**
 * How events lie in the log: as JSON or, with a registry, as Avro. Either way a reader gets the JSON that a robot signed,
 * by the content type of each record, so that a topic may hold both.
 */
export interface EventCodec {
  readonly name: string;
  /**
   * A registry that doesn't answer is no reason not to start: writers try again until it does, readers when they need it.
   *
   * @throws AppError FS_SCHEMA_INCOMPATIBLE when a writer's schema and the registry's don't get along
   */
  start(): Promise<() => Promise<void>>;
  status(): RegistryStatus;
  /** @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE while the schema isn't registered */
  encode(event: Buffer): EncodedEvent;
  /** To be awaited before `toJson`, for the same records. @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE */
  prepare(records: readonly StoredValue[]): Promise<void>;
  /**
   * The record's value as JSON. What can't be read stays as it is, for `decodeFleetRecord` to call poison.
   *
   * @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE for Avro without a registry: nobody's events are poison because a
   * variable was forgotten
   */
  toJson(record: StoredValue): StoredValue;
}

export function createEventCodec(options: EventCodecOptions): EventCodec {
  const { url } = options;
  return url === undefined ? jsonCodec : new AvroCodec({ ...options, url });
}

const jsonCodec: EventCodec = {
  name: 'event-codec',
  start: () => Promise.resolve(() => Promise.resolve()),
  status: () => 'off',
  encode: (value) => ({ value }),
  prepare: () => Promise.resolve(),
  toJson: (record) => {
    if (!isAvroEvent(record.contentType)) return record;
    throw new AppError('FS_SCHEMA_REGISTRY_UNAVAILABLE', 'The log holds Avro, and SCHEMA_REGISTRY_URL is not set');
  },
};

const retryMs = 1000;

class AvroCodec implements EventCodec {
  readonly name = 'event-codec';
  readonly #options: EventCodecOptions & { readonly url: string };
  #schemas: AvroSchemas | undefined;
  #failure: AppError | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: EventCodecOptions & { readonly url: string }) {
    this.#options = options;
  }

  async start(): Promise<() => Promise<void>> {
    const { url, role, log } = this.#options;
    // Loaded only where a registry is set: the client and its parsers take 140 ms and 20 MB.
    const [{ createRegistryClient }, { AvroSchemas: Schemas }] = await Promise.all([
      import('./registry-client.ts'),
      import('./avro-schemas.ts'),
    ]);
    const client = createRegistryClient({ url, log });
    const schemas = new Schemas(client);
    this.#schemas = schemas;
    await this.#connect(role === 'writer' ? () => schemas.register() : () => schemas.preload());
    if (this.#failure?.code === 'FS_SCHEMA_INCOMPATIBLE') {
      this.#stop();
      client.close();
      throw this.#failure;
    }
    return () => {
      this.#stop();
      client.close();
      return Promise.resolve();
    };
  }

  status(): RegistryStatus {
    if (this.#failure !== undefined) return `waiting: ${this.#failure.message}`;
    return this.#schemas === undefined ? 'waiting: not started' : 'ok';
  }

  encode(event: Buffer): EncodedEvent {
    return { value: this.#require().encode(event), contentType: contentTypes.cloudEventAvro };
  }

  async prepare(records: readonly StoredValue[]): Promise<void> {
    const values = records.flatMap(({ value, contentType }) =>
      value !== null && isAvroEvent(contentType) ? [value] : [],
    );
    if (values.length > 0) await this.#require().meetAll(values);
  }

  toJson(record: StoredValue): StoredValue {
    if (record.value === null || !isAvroEvent(record.contentType)) return record;
    const value = this.#require().decode(record.value);
    return value === undefined ? record : { value, contentType: contentTypes.cloudEvent };
  }

  /** Tries until it succeeds. A schema found incompatible after the start keeps the pod unready, and is tried again too. */
  async #connect(attempt: () => Promise<void>): Promise<void> {
    const { log } = this.#options;
    try {
      await attempt();
      if (this.#failure !== undefined) log.info({}, 'the schema registry is there');
      this.#failure = undefined;
    } catch (thrown) {
      const error = toAppError(thrown, 'FS_SCHEMA_REGISTRY_UNAVAILABLE', 'The schemas could not be looked up');
      if (this.#failure?.code !== error.code) log.warn({ err: error }, 'the schema registry is needed, trying again');
      this.#failure = error;
      if (!this.#stopped) this.#timer = setTimeout(() => void this.#connect(attempt), retryMs);
    }
  }

  #stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #require(): AvroSchemas {
    if (this.#schemas !== undefined) return this.#schemas;
    throw new AppError('FS_SCHEMA_REGISTRY_UNAVAILABLE', 'The schemas are not looked up before the start');
  }
}
