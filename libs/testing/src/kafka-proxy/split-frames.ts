/** What a broker accepts by default (`socket.request.max.bytes`), and more than any answer here. */
const maxFrameBytes = 100 * 1024 * 1024;

/** Cuts a stream into Kafka's frames (a length of four bytes and as many bytes), told whole and with their length. */
export function createFrameSplitter(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let neededBytes = 4;
  return (chunk) => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes < neededBytes) return;
    let bytes = Buffer.concat(waiting);
    while (bytes.length >= 4) {
      const frameBytes = 4 + bytes.readUInt32BE(0);
      if (frameBytes > maxFrameBytes) throw new RangeError(`A frame of ${frameBytes} bytes is none of Kafka's`);
      if (bytes.length < frameBytes) break;
      onFrame(bytes.subarray(0, frameBytes));
      bytes = bytes.subarray(frameBytes);
    }
    waiting = bytes.length === 0 ? [] : [bytes];
    waitingBytes = bytes.length;
    neededBytes = bytes.length >= 4 ? 4 + bytes.readUInt32BE(0) : 4;
  };
}
