/** What Confluent's wire format puts before a payload: a zero, and the schema's id as four bytes, the highest first. */
const headerBytes = 5;
const magicByte = 0;

export function toWire(schemaId: number, payload: Buffer): Buffer {
  const wire = Buffer.allocUnsafe(headerBytes + payload.length);
  wire.writeUInt8(magicByte, 0);
  wire.writeInt32BE(schemaId, 1);
  payload.copy(wire, headerBytes);
  return wire;
}

/** The id of the schema that a value was written with; `undefined` when the value is not in the wire format. */
export function readSchemaId(value: Buffer): number | undefined {
  if (value.length < headerBytes || value[0] !== magicByte) return undefined;
  return value.readInt32BE(1);
}

/** The value's payload. Only for a value that `readSchemaId` knows. */
export function readPayload(value: Buffer): Buffer {
  return value.subarray(headerBytes);
}
