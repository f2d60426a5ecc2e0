const heartbeatMs = 10_000;

/** Runs steps one after another, saying so; returns the process's exit code: 0, or 2 with a remedy for what failed. */
export async function runSteps(steps, stream) {
  const startedMs = Date.now();
  stream.write('Setting up (once; kept for later starts):\n');
  for (const [index, step] of steps.entries()) {
    const label = `  [${index + 1}/${steps.length}] ${step.name}`;
    // Another set-up may have done it while we waited for the lock.
    if (await step.isDone()) {
      stream.write(`${label}: already there\n`);
      continue;
    }
    const failure = await runStep(step, label, stream);
    if (failure === undefined) continue;
    const remedy = typeof step.remedy === 'string' ? step.remedy : await step.remedy();
    stream.write(`\nCould not set up: ${step.name}\n  ${failure.message}\n`);
    if (failure.tail) stream.write(`${failure.tail.replace(/^/gm, '  | ')}\n`);
    stream.write(`What to do: ${remedy}\nThen run the same command again; what is done stays done.\n`);
    return 2;
  }
  stream.write(`Set up in ${seconds(startedMs)}.\n`);
  return 0;
}

async function runStep(step, label, stream) {
  const startedMs = Date.now();
  // A terminal shows the seconds pass; a log gets a line now and then, so that nobody thinks it hangs.
  const tick = () =>
    stream.write(stream.isTTY ? `\r${label} … ${seconds(startedMs)}` : `${label} … ${seconds(startedMs)}\n`);
  if (!stream.isTTY) stream.write(`${label} …\n`);
  const timer = setInterval(tick, stream.isTTY ? 200 : heartbeatMs);
  try {
    await step.run();
    stream.write(`${stream.isTTY ? '\r' : ''}${label}: done in ${seconds(startedMs)}\n`);
    return undefined;
  } catch (error) {
    stream.write(`${stream.isTTY ? '\r' : ''}${label}: failed after ${seconds(startedMs)}\n`);
    return error;
  } finally {
    clearInterval(timer);
  }
}

function seconds(sinceMs) {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}
