// The health check of every image of ours: does the process in this container answer 200 to the path given?
const timeoutMs = 3000;

try {
  const answer = await fetch(`http://127.0.0.1:8080${process.argv[2]}`, { signal: AbortSignal.timeout(timeoutMs) });
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
