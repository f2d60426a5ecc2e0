import { setTimeout as sleep } from 'node:timers/promises';
import { type AvroEvent, eventSubject, toAvroEvent, toAvroEventSchema, toEventText } from '@fleetstream/contracts';
import { AppError, toMessage } from '@fleetstream/kernel';
import avro, { type Type } from 'avsc';
import { type FoundSchema, type RegistryClient } from './registry-client.ts';
import { readPayload, readSchemaId, toWire } from './wire-format.ts';

/** `undefined`: the id stands for nothing that an event can be written with. */
type Reader = ((payload: Buffer) => AvroEvent) | undefined;

/** Schemas remembered at most; beyond it the oldest is asked for again. */
const schemasMax = 256;
/** A registry of several nodes may know a new id on one a moment before the others. */
const lookUp = { tries: 5, waitMs: 400 } as const;

/** Events as Avro, with the schemas met so far: what was met needs no registry any more. */
export class AvroSchemas {
  readonly #client: RegistryClient;
  readonly #own = avro.Type.forSchema(toAvroEventSchema() as avro.Schema);
  readonly #readers = new Map<number, Reader>();
  #writeId: number | undefined;

  constructor(client: RegistryClient) {
    this.#client = client;
  }

  /**
   * Makes this version's schema the newest of its subject. From then on `encode` works.
   *
   * @throws AppError FS_SCHEMA_INCOMPATIBLE, FS_SCHEMA_REGISTRY_UNAVAILABLE
   */
  async register(): Promise<void> {
    const latestId = await this.#client.findLatestId(eventSubject);
    const latest = latestId === undefined ? undefined : await this.#client.findSchema(latestId);
    // Not every registry checks by itself: one without a rule for the subject takes anything.
    if (latest !== undefined) this.#assertCompatible(latest, `${eventSubject}, id ${latestId ?? '?'}`);
    const id = await this.#client.register(eventSubject, toAvroEventSchema());
    this.#remember(id, this.#toReader(this.#own));
    this.#writeId = id;
  }

  /** Meets the subject's newest schema. @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE */
  async preload(): Promise<void> {
    const id = await this.#client.findLatestId(eventSubject);
    if (id !== undefined) await this.#meet(id);
  }

  /** @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE before the schema is registered */
  encode(value: Buffer): Buffer {
    if (this.#writeId === undefined) {
      throw new AppError('FS_SCHEMA_REGISTRY_UNAVAILABLE', 'The schema of events is not registered yet');
    }
    return toWire(this.#writeId, this.#own.toBuffer(toAvroEvent(value.toString('utf8'))));
  }

  /** Asks for the schemas of values that were not met yet. @throws AppError FS_SCHEMA_REGISTRY_UNAVAILABLE */
  async meetAll(values: readonly Buffer[]): Promise<void> {
    const ids = new Set(values.map(readSchemaId));
    for (const id of ids) if (id !== undefined && !this.#readers.has(id)) await this.#meet(id);
  }

  /** The event's JSON, as it was encoded; `undefined` when the value is none of ours. Only for values met before. */
  decode(value: Buffer): Buffer | undefined {
    const id = readSchemaId(value);
    if (id === undefined) return undefined;
    if (!this.#readers.has(id)) throw new AppError('FS_INTERNAL', `The schema ${id} was not asked for before its use`);
    try {
      const event = this.#readers.get(id)?.(readPayload(value));
      return event === undefined ? undefined : Buffer.from(toEventText(event));
    } catch {
      // Cut off, or of another schema than it says: its bytes go to the dead letters as they are.
      return undefined;
    }
  }

  async #meet(id: number): Promise<void> {
    for (let tries = 1; ; tries++) {
      const found = await this.#client.findSchema(id);
      if (found !== undefined || tries === lookUp.tries) {
        this.#remember(id, found === undefined ? undefined : this.#toReader(found));
        return;
      }
      await sleep(lookUp.waitMs);
    }
  }

  #toReader(writer: FoundSchema): Reader {
    if (!isAvroType(writer)) return undefined;
    const own = this.#own;
    if (own.equals(writer)) return (payload) => own.fromBuffer(payload) as AvroEvent;
    try {
      const resolver = own.createResolver(writer);
      return (payload) => own.fromBuffer(payload, resolver) as AvroEvent;
    } catch {
      // Somebody else's schema: no value written with it can be an event.
      return undefined;
    }
  }

  #remember(id: number, reader: Reader): void {
    this.#readers.delete(id);
    this.#readers.set(id, reader);
    const [oldest] = this.#readers.keys();
    if (this.#readers.size > schemasMax && oldest !== undefined) this.#readers.delete(oldest);
  }

  #assertCompatible(other: FoundSchema, name: string): void {
    if (!isAvroType(other)) {
      throw new AppError('FS_SCHEMA_INCOMPATIBLE', `The newest schema (${name}) is not an Avro one`);
    }
    try {
      this.#own.createResolver(other);
    } catch (thrown) {
      const message = `This version can't read events of the newest schema (${name}): ${toMessage(thrown)}`;
      throw new AppError('FS_SCHEMA_INCOMPATIBLE', message, { cause: thrown });
    }
    try {
      other.createResolver(this.#own);
    } catch (thrown) {
      const message = `Readers of the newest schema (${name}) can't read this version's events: ${toMessage(thrown)}`;
      throw new AppError('FS_SCHEMA_INCOMPATIBLE', message, { cause: thrown });
    }
  }
}

function isAvroType(schema: FoundSchema): schema is FoundSchema & Type {
  return avro.Type.isType(schema);
}
