import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@fleetstream/kernel';

/** One finished checkpoint, as Flink tells it. */
export interface FlinkCheckpoint {
  readonly id: number;
  readonly triggeredMs: number;
  readonly endedMs: number;
  /** What was written for it; the rest of its state was written before. */
  readonly uploadedBytes: number;
  readonly stateBytes: number;
}

/** What a bench asks of a JobManager. @throws AppError FS_NOT_READY when it answers with an error */
export interface FlinkRest {
  waitForSlots(count: number): Promise<void>;
  /** Uploads a job's jar and starts it. @returns the job's id */
  submit(jar: string, entryClass: string, programArgsList: readonly string[]): Promise<string>;
  /** Finished ones, oldest first; as far back as Flink remembers. */
  checkpoints(jobId: string): Promise<FlinkCheckpoint[]>;
  /** Since when all of the job runs; `undefined` while some of it doesn't. */
  runningSinceMs(jobId: string): Promise<number | undefined>;
}

const startWithinMs = 180_000;

export function createFlinkRest(restUrl: string): FlinkRest {
  const rest = async <Answer>(path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(restUrl + path, { ...init, signal: AbortSignal.timeout(60_000) });
    if (response.ok) return (await response.json()) as Answer;
    const text = (await response.text()).slice(0, 2000);
    throw new AppError('FS_NOT_READY', `Flink answered ${path} with ${response.status}: ${text}`);
  };
  return {
    waitForSlots: async (count) => {
      const startMs = performance.now();
      for (;;) {
        const overview = await rest<Record<string, number>>('/overview').catch(() => undefined);
        if ((overview?.['slots-available'] ?? 0) >= count) return;
        if (performance.now() - startMs > startWithinMs) throw new AppError('FS_NOT_READY', 'Flink offers no slots');
        await delay(200);
      }
    },
    submit: async (jar, entryClass, programArgsList) => {
      const form = new FormData();
      const bytes = await readFile(jar);
      form.append('jarfile', new Blob([bytes], { type: 'application/x-java-archive' }), 'robot-states.jar');
      const { filename } = await rest<{ filename: string }>('/jars/upload', { method: 'POST', body: form });
      const { jobid } = await rest<{ jobid: string }>(`/jars/${filename.split('/').pop() ?? ''}/run`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ entryClass, programArgsList }),
      });
      return jobid;
    },
    checkpoints: async (jobId) => {
      const { history } = await rest<{ history: readonly CheckpointAnswer[] }>(`/jobs/${jobId}/checkpoints`);
      return history
        .filter(({ status }) => status === 'COMPLETED')
        .map((one) => ({
          ...{ id: one.id, triggeredMs: one.trigger_timestamp, endedMs: one.latest_ack_timestamp },
          ...{ uploadedBytes: one.checkpointed_size, stateBytes: one.state_size },
        }))
        .sort((a, b) => a.id - b.id);
    },
    runningSinceMs: async (jobId) => {
      const job = await rest<{ vertices: { status: string; 'start-time': number }[] }>(`/jobs/${jobId}`);
      if (job.vertices.some(({ status }) => status !== 'RUNNING')) return undefined;
      return Math.max(...job.vertices.map((vertex) => vertex['start-time']));
    },
  };
}

interface CheckpointAnswer {
  readonly id: number;
  readonly status: string;
  readonly trigger_timestamp: number;
  readonly latest_ack_timestamp: number;
  readonly checkpointed_size: number;
  readonly state_size: number;
}
