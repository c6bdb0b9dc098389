/** Hooks of checks that seldom have to wait. */
import type { onRequestHookHandler } from "fastify";
import type { ApiRequest } from "./api.ts";

/** An `onRequest` hook: the request goes on when `check` has returned, or what it returns has resolved, and fails with what it throws.
 *  An async function would make every request wait for three turns of the microtask queue (measured: a few µs of a small GET). */
export function checkHook(check: (request: ApiRequest) => Promise<void> | undefined): onRequestHookHandler {
  return function hook(request, _reply, done) {
    const pending = check(request);
    if (pending === undefined) done();
    return pending; // Fastify goes on by itself when a promise that it was given resolves
  };
}
