import { AppError } from '@fleetstream/kernel';

interface InspectorAnswer {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number; readonly backingStorageSize?: number };
}

const answerWithinMs = 30_000;

/**
 * Has a Node process that was started with `--inspect` collect all its garbage, and says what it still holds, in bytes: what
 * lies in its heap and in buffers. A collector that sees no need leaves garbage lying, so only this tells a leak from ease.
 */
export async function collectGarbage(inspectorPort: number): Promise<number> {
  const targets = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [target] = (await targets.json()) as readonly { readonly webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new AppError('FS_INTERNAL', 'The process has no inspector.');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  const ask = (id: number, method: string) =>
    new Promise<InspectorAnswer>((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => {
        const answer = JSON.parse(String(data)) as InspectorAnswer;
        if (answer.id === id) resolve(answer);
      });
      socket.addEventListener('close', () => {
        reject(new AppError('FS_INTERNAL', `The inspector hung up before it answered ${method}.`));
      });
      socket.send(JSON.stringify({ id, method }));
    });
  const timer = setTimeout(() => {
    socket.close();
  }, answerWithinMs);
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => {
        reject(new AppError('FS_INTERNAL', 'The inspector does not answer.'));
      });
    });
    // Twice: what finalizers let go is garbage only then.
    await ask(1, 'HeapProfiler.collectGarbage');
    await ask(2, 'HeapProfiler.collectGarbage');
    const { result } = await ask(3, 'Runtime.getHeapUsage');
    return (result?.usedSize ?? Number.NaN) + (result?.backingStorageSize ?? 0);
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}
