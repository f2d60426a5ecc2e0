import { type InsideBroker } from '../kafkajs-inside.ts';
import { nextTick } from 'node:process';
import { setCorrelationId } from './frame-writer.ts';

/**
 * Sends a finished frame on the broker's first connection and resolves with the answer from behind its correlation id.
 * kafkajs keeps the connection, TLS, SASL and the time-out; its own encoder would copy the frame twice.
 *
 * The frame must stay as it is until the answer has come, and for good when none came: it may still lie in a queue.
 *
 * @throws kafkajs's connection errors: then nobody knows whether the broker carried the request out
 */
export async function sendFrame(broker: InsideBroker, apiName: string, frame: Buffer): Promise<Buffer> {
  // Guarded by a lock, unlike the pool's own way of connecting, which two senders at once would tread twice.
  if (!broker.isConnected()) await broker.connect();
  const connection = await broker.connectionPool.getConnection(0);
  const correlationId = connection.nextCorrelationId();
  setCorrelationId(frame, correlationId);
  const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
    const entry = { apiKey: frame.readInt16BE(4), apiName, apiVersion: frame.readInt16BE(6), correlationId };
    connection.requestQueue.push({
      entry: { ...entry, resolve, reject },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => {
        const { socket } = connection;
        // What is sent in the same turn, as outputs and their offset are, then costs one system call.
        socket.cork();
        socket.write(frame);
        nextTick(() => {
          socket.uncork();
        });
      },
    });
  });
  return payload;
}
