import { open } from 'node:fs/promises';
import { AppError } from '@fleetstream/kernel';
import { parseBody, type ReadList } from './platform-http.ts';
import { type MappedPage } from './platform-mapping.ts';

export interface PlatformFileOptions {
  readonly file: string;
  readonly readPage: (page: unknown) => MappedPage;
}

const fileBytesMax = 4 * 1024 * 1024;

/** A list of robots in a file, for who has no Robot Platform: one page, read anew each time. */
export function createPlatformFile({
  file,
  readPage,
}: PlatformFileOptions): (signal: AbortSignal) => Promise<ReadList> {
  return async (signal) => {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size > fileBytesMax) {
      throw new AppError('FS_PLATFORM_UNAVAILABLE', `The file of robots has more than ${fileBytesMax} bytes.`);
    }
    const text = await handle.readFile({ encoding: 'utf8', signal });
    const { robots, unreadable, fieldsLeftOut } = readPage(parseBody(text));
    const once = new Map(robots.map((robot) => [robot.id, robot]));
    return { robots: [...once.values()], complete: unreadable === 0, unreadable, fieldsLeftOut };
  };
}
