import { afterAll, beforeAll, beforeEach } from 'vitest';
import { startTestingGateway, type TestingGateway } from './testing-gateway.ts';
import { createTestingWorld, type TestingWorld } from './testing-world.ts';

/** A gateway that stands in, and a world that was told of it. */
export interface TestingSetUp {
  readonly world: TestingWorld;
  readonly gateway: TestingGateway;
}

/** Starts both before the tests of a file and ends them after; what was asked is forgotten before each. */
export function useTestingGateway(): TestingSetUp {
  const setUp: { world?: TestingWorld; gateway?: TestingGateway } = {};
  beforeAll(async () => {
    setUp.gateway = await startTestingGateway();
    setUp.world = createTestingWorld({ gatewayUrl: setUp.gateway.url });
  });
  beforeEach(() => {
    if (setUp.gateway !== undefined) setUp.gateway.seen.length = 0;
  });
  afterAll(async () => {
    setUp.world?.remove();
    await setUp.gateway?.stop();
  });
  // The hooks have run before any test reads it.
  return setUp as TestingSetUp;
}
