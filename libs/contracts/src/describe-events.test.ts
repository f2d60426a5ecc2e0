import { expect, it } from 'vitest';
import { describeEvents, renderEventDocs } from './describe-events.ts';

it('every type and every top field has words of its own', () => {
  for (const { type, what, fields } of describeEvents()) {
    expect(what, type).not.toBe('');
    for (const field of fields) expect(field.type, `${type} ${field.path}`).not.toBe('');
  }
});

it('fields inside objects, lists and maps are named by their paths', () => {
  const paths = describeEvents().flatMap(({ type, fields }) => fields.map(({ path }) => `${type} ${path}`));
  expect(paths).toContain('robot.state.v1 battery.percent');
  expect(paths).toContain('robot.state.v1 errors[].level');
  expect(paths).toContain('robot.telemetry.v1 metrics.<name>.value');
});

it('the page has a table per type', () => {
  const page = renderEventDocs();
  for (const { type } of describeEvents()) expect(page).toContain(`### \`${type}\``);
  expect(page).not.toContain('undefined');
});
