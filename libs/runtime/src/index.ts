export { type Component, type Stop } from './component.ts';
export { createHttpServer } from './http-server.ts';
export { readRequestId } from './request-id.ts';
export { type ProcessPort, runProcess } from './run-process.ts';
