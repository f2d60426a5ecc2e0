import { openCheckpoints } from '../adapters/checkpoint-access.ts';
import { failUsage } from '../cli-failure.ts';
import { type Command } from '../command.ts';
import { parseFlags } from '../parse-flags.ts';
import { PlatformAccess } from '../platform-access.ts';
import { checkpointFlags } from './checkpoint-question.ts';
import { diffCheckpoints } from './checkpoints-diff.ts';
import { listCheckpoints } from './checkpoints-list.ts';
import { restoreCheckpoint } from './checkpoints-restore.ts';
import { verifyCheckpoints } from './checkpoints-verify.ts';

const actions = {
  list: listCheckpoints,
  verify: verifyCheckpoints,
  restore: restoreCheckpoint,
  diff: diffCheckpoints,
} as const;

export const checkpointsCommand: Command = {
  name: 'checkpoints',
  summary: 'list, verify, restore and compare checkpoints of the states',
  help: `fleetstream checkpoints list [flags]                      what there is, newest first
fleetstream checkpoints verify [flags]                    read every object again and compare its hash
fleetstream checkpoints restore <partition> <folder>      put one into a folder that doesn't exist yet
fleetstream checkpoints diff <partition> <from> [<to>]    robots added, changed and removed in between

  --store URL       file:///a/folder or s3://bucket/prefix?region=&endpoint=
                    (default: FLEETSTREAM_CHECKPOINT_URL, then the folder of a local start)
  --prefix P        <cluster>/<topic>, when the store holds checkpoints of several logs
  --partition N     list, verify: only of this partition
  --newest          verify: only the newest of each partition
  --offset N        restore: the newest at or before this offset, not the newest of all
  --limit N         diff: name at most so many robots of each kind (20)
  --gateway URL, --ca FILE
  --json            one JSON object (list: one per line)

<from> and <to> are offsets as list shows them, "newest", or "live" (the processor's states now; the default of <to>).
restore verifies every hash and says the offset and a digest of the states. Credentials for s3:// come from
FLEETSTREAM_S3_ACCESS_KEY_ID and FLEETSTREAM_S3_SECRET_ACCESS_KEY, or from where the AWS SDK looks.

verify ends with 1 when an object is missing or damaged, restore when there is nothing usable.`,
  run: async (args, world) => {
    const { values, positionals } = parseFlags(args, checkpointFlags);
    const [action, ...words] = positionals;
    const act = Object.entries(actions).find(([name]) => name === action)?.[1];
    if (act === undefined) return failUsage('checkpoints list, verify, restore or diff');
    const access = new PlatformAccess(world);
    const checkpoints = await openCheckpoints({ ...access.findCheckpoints(values.store), prefix: values.prefix });
    await act({ values, words, checkpoints, access, world });
  },
};
