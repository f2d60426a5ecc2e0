import { createServer } from 'node:net';
import { AppError } from '@fleetstream/kernel';

/**
 * A port of 127.0.0.1 that nothing listened on a moment ago. Another process may take it before its user does, so this
 * is for tests, which then fail loudly.
 */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  return await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') {
          reject(new AppError('FS_INTERNAL', 'A listening TCP server has no port.'));
        } else resolve(address.port);
      });
    });
  });
}
