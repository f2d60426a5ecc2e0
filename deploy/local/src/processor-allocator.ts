/**
 * What the C library is told before a processor begins, here as in its image. Left to itself it gives each of some
 * seventeen threads an arena, and what one thread has freed no other uses again (docs/adr/0023).
 */
export const processorAllocator: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' };
