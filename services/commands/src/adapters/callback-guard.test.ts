import { lookup } from 'node:dns/promises';
import { describe, expect, it } from 'vitest';
import { createCallbackGuard } from './callback-guard.ts';

describe('a callback URL', () => {
  const strict = createCallbackGuard(false);
  const lenient = createCallbackGuard(true);

  it.each([
    { url: 'https://robot.example.com/x', strict: true, lenient: true },
    { url: 'http://robot.example.com/x', strict: false, lenient: true },
    { url: 'https://93.184.216.34/', strict: true, lenient: true },
    { url: 'https://127.0.0.1/', strict: false, lenient: true },
    { url: 'https://2130706433/', strict: false, lenient: true },
    { url: 'https://0x7f.1/', strict: false, lenient: true },
    { url: 'https://10.1.2.3/', strict: false, lenient: true },
    { url: 'https://172.31.255.255/', strict: false, lenient: true },
    { url: 'https://172.32.0.0/', strict: true, lenient: true },
    { url: 'https://169.254.169.254/latest/meta-data', strict: false, lenient: true },
    { url: 'https://[::1]/', strict: false, lenient: true },
    { url: 'https://[::ffff:10.0.0.1]/', strict: false, lenient: true },
    { url: 'https://[fd00::1]/', strict: false, lenient: true },
    { url: 'https://[2606:2800:220:1::1]/', strict: true, lenient: true },
    { url: 'https://user:word@robot.example.com/', strict: false, lenient: false },
    { url: 'file:///etc/passwd', strict: false, lenient: false },
  ])('$url passes: $strict, and $lenient where private ones are allowed', ({ url, ...passes }) => {
    expect(strict.findProblem(new URL(url)) === undefined).toBe(passes.strict);
    expect(lenient.findProblem(new URL(url)) === undefined).toBe(passes.lenient);
  });

  it('is refused by the look-up of the connection when its name leads to ourselves', async () => {
    const resolve = (guard: typeof strict) =>
      new Promise((done, fail) => {
        guard.lookup('localhost', {}, (error, address) => {
          if (error === null) done(address);
          else fail(error);
        });
      });
    await expect(resolve(strict)).rejects.toThrow('not public');
    await expect(resolve(lenient)).resolves.toBe((await lookup('localhost')).address);
  });
});
