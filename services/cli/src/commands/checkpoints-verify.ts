import { join } from 'node:path';
import { type CheckpointManifest, type ListedCheckpoint } from '@fleetstream/state-store';
import { reaching, withScratch } from '../adapters/checkpoint-access.ts';
import { failRefused } from '../cli-failure.ts';
import { assertNoMore } from './checkpoint-arguments.ts';
import { toSize } from './checkpoint-table.ts';
import { partitionsOf } from './checkpoints-list.ts';
import { type CheckpointQuestion } from './checkpoint-question.ts';

interface Finding {
  readonly partition: number;
  readonly manifestKey: string;
  readonly appliedOffset: number | null;
  readonly damaged: readonly { readonly name: string; readonly reason: string; readonly detail: string }[];
}

export async function verifyCheckpoints(question: CheckpointQuestion): Promise<void> {
  const { values, words, checkpoints, world } = question;
  assertNoMore(words);
  const verified = new Verified(question);
  const findings: Finding[] = [];
  for (const partition of await partitionsOf(question)) {
    const listed = await reaching(() => checkpoints.list(partition));
    for (const one of values.newest === true ? listed.slice(0, 1) : listed) {
      const finding = await verified.look(partition, one);
      findings.push(finding);
      if (values.json !== true) for (const line of toLines(finding)) world.out(line);
    }
  }
  const damaged = findings.filter((finding) => finding.damaged.length > 0);
  const sums = { checkpoints: findings.length, objects: verified.objects, bytesRead: verified.bytesRead };
  if (values.json === true) world.out(JSON.stringify({ ...sums, damaged }));
  else world.note(`${sums.objects} objects (${toSize(sums.bytesRead)}) of ${sums.checkpoints} checkpoints were read.`);
  if (damaged.length > 0) failRefused(`${damaged.length} of ${findings.length} checkpoints are damaged.`);
}

/** Checkpoints share most objects: each is read once. */
class Verified {
  readonly #question: CheckpointQuestion;
  /** What is wrong with an object, by its hash; nothing for one that is right. */
  readonly #known = new Map<string, Finding['damaged']>();
  bytesRead = 0;

  constructor(question: CheckpointQuestion) {
    this.#question = question;
  }

  get objects(): number {
    return this.#known.size;
  }

  async look(partition: number, listed: ListedCheckpoint): Promise<Finding> {
    const { manifestKey } = listed;
    if (listed.kind === 'unreadable') {
      const damaged = [{ name: 'manifest', reason: listed.skip, detail: listed.detail }];
      return { partition, manifestKey, appliedOffset: null, damaged };
    }
    const { manifest } = listed;
    await this.#read({ ...manifest, files: manifest.files.filter(({ sha256 }) => !this.#known.has(sha256)) });
    const damaged = manifest.files.flatMap(({ sha256 }) => this.#known.get(sha256) ?? []);
    return { partition, manifestKey, appliedOffset: manifest.appliedOffset, damaged };
  }

  async #read(manifest: CheckpointManifest): Promise<void> {
    if (manifest.files.length === 0) return;
    const { checkpoints } = this.#question;
    const onBytes = (sizeBytes: number): void => {
      this.bytesRead += sizeBytes;
    };
    const { damaged } = await withScratch((dir) =>
      reaching(() => checkpoints.verify(manifest, join(dir, 'objects'), { onBytes })),
    );
    for (const { name, sha256 } of manifest.files) {
      this.#known.set(
        sha256,
        damaged.filter((one) => one.name === name),
      );
    }
  }
}

function toLines({ partition, appliedOffset, damaged }: Finding): string[] {
  const what = `partition ${partition}, offset ${appliedOffset ?? '-'}`;
  if (damaged.length === 0) return [`ok       ${what}`];
  return damaged.map(({ name, reason, detail }) => `DAMAGED  ${what}, ${name}: ${reason} (${detail})`);
}
