import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What the kernel says a process has used since its birth, all its threads together. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
}

/** @throws when the process is gone */
export function readProcessUsage(pid: number): ProcessUsage {
  return { cpuSeconds: readCpuSeconds(pid), peakRssMb: readPeakRssMb(pid) };
}

export function readCpuSeconds(pid: number): number {
  return parseCpuTicks(readFileSync(`/proc/${pid}/stat`, 'utf8')) / ticksPerSecond();
}

/** User and system time out of `/proc/<pid>/stat`; a process's name may hold spaces and brackets. */
export function parseCpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function readPeakRssMb(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Math.round(Number(found?.[1] ?? 0) / 1024);
}

function ticksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
}
