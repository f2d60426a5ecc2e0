import { connect } from 'node:net';

const metadataApiKey = 3;
const requestTimeoutMs = 1000;

/**
 * Whether a broker at `127.0.0.1:port` answers a Metadata request (v4, no topics) with at least one broker: it is
 * then registered and unfenced, so that topics can be made. An open port alone comes earlier.
 */
export async function probeKafka(port: number): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = Buffer.alloc(0);
    socket.setTimeout(requestTimeoutMs, () => socket.destroy());
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      resolve(false);
    });
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      // Size, correlation id, throttle time, then the length of the array of brokers.
      if (answer.length < 16) return;
      resolve(answer.readInt32BE(12) > 0);
      socket.destroy();
    });
  });
}

function metadataRequest(): Buffer {
  const body = Buffer.alloc(19);
  body.writeInt32BE(body.length - 4, 0);
  body.writeInt16BE(metadataApiKey, 4);
  body.writeInt16BE(4, 6);
  body.writeInt32BE(1, 8);
  // No client id, an empty list of topics, no automatic creation.
  body.writeInt16BE(-1, 12);
  body.writeInt32BE(0, 14);
  body.writeInt8(0, 18);
  return body;
}
