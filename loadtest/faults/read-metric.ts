/** The sum of a metric over all its labels, out of an exposition in Prometheus' text format; 0 when it isn't there. */
export function readMetric(exposition: string, name: string): number {
  return exposition.split('\n').reduce((sum, line) => {
    if (!line.startsWith(name) || !/^[ {]/.test(line.slice(name.length))) return sum;
    return sum + Number(line.slice(line.lastIndexOf(' ') + 1));
  }, 0);
}

/** A gauge's values by one of its labels. */
export function readMetricBy(exposition: string, name: string, label: string): ReadonlyMap<string, number> {
  const line = new RegExp(`^${name}\\{[^}]*\\b${label}="([^"]*)"[^}]*\\} (\\S+)`, 'gm');
  return new Map([...exposition.matchAll(line)].map(([, value = '', number]) => [value, Number(number)]));
}
