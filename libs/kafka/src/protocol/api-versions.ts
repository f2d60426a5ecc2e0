import { AnswerReader } from './answer-reader.ts';
import { type FrameWriter } from './frame-writer.ts';
import { assertNoError } from './protocol-error.ts';

const apiVersionsKey = 18;
const version = 3;
const finalizedFeaturesTag = 2;

/** ApiVersions 3, whose answer also tells the features that the cluster has agreed on (KIP-584). */
export function writeApiVersions(writer: FrameWriter, clientId: string | null): Buffer {
  writer.begin({ apiKey: apiVersionsKey, apiVersion: version, clientId, flexible: true });
  writer.string('fleetstream');
  writer.string('1');
  writer.tags();
  return writer.end();
}

export interface BrokerAbilities {
  /** The highest version that the broker takes, by API key. */
  readonly maxVersions: ReadonlyMap<number, number>;
  /** The level that the whole cluster has agreed on, by feature. */
  readonly features: ReadonlyMap<string, number>;
}

/** @throws ProtocolError */
export function readApiVersionsAnswer(bytes: Buffer): BrokerAbilities {
  // The answer's header is never flexible, so that every client can read at least the error: its body is.
  const reader = new AnswerReader(Buffer.concat([Buffer.from([0]), bytes]), true);
  assertNoError(reader.int16(), 'ApiVersions');
  const maxVersions = new Map<number, number>();
  for (let left = reader.arrayLength(); left > 0; left -= 1) {
    const apiKey = reader.int16();
    reader.int16();
    maxVersions.set(apiKey, reader.int16());
    reader.tags();
  }
  reader.int32();
  const features = new Map<string, number>();
  reader.eachTag((tag) => {
    if (tag !== finalizedFeaturesTag) return;
    for (let left = reader.arrayLength(); left > 0; left -= 1) {
      const name = reader.string() ?? '';
      features.set(name, reader.int16());
      reader.int16();
      reader.tags();
    }
  });
  return { maxVersions, features };
}
