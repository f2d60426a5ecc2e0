export {
  createEventCodec,
  type EventCodec,
  type EventCodecOptions,
  type EncodedEvent,
  type RegistryStatus,
  type StoredValue,
} from './event-codec.ts';
export { readAsJson } from './read-as-json.ts';
