// The health check of every image of ours: does the process in this container answer 200 to the path given? By node:http,
// which loads in a third of the time that fetch takes; this runs every few seconds.
import { get } from 'node:http';

const timeoutMs = 3000;

process.exitCode = 1;
const request = get({ host: '127.0.0.1', port: 8080, path: process.argv[2], timeout: timeoutMs }, (answer) => {
  answer.resume();
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy());
request.on('error', () => undefined);
