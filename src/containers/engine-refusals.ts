/** Whoever looks after containers has to tell an engine that is not there from one that says no: a call that the engine has answered with a failure
 *  is never `unavailable` in this room. */
import { type Engine, saidBy, statusOf } from "../platform/docker/engine.ts";
import { isYardError, YardError } from "../platform/errors.ts";

/** The same engine. Its refusals become conflict (also of what it never allows, as removing its own networks), its failures internal, in its own words. */
export function withRefusals(engine: Engine): Engine {
  return {
    ...engine,
    async call(what, act, options) {
      try {
        return await engine.call(what, act, options);
      } catch (error) {
        throw asRefusal(error, what);
      }
    },
  };
}

function asRefusal(error: unknown, what: string): unknown {
  if (!isYardError(error) || isYardError(error, "storage_full")) return error;
  const { cause } = error;
  const status = statusOf(cause);
  if (status === undefined || status === 400 || status === 404) return error;
  const message = `The Docker engine cannot ${what}: ${saidBy(cause)}.`;
  return new YardError(status === 403 || status === 409 ? "conflict" : "internal", message, { cause });
}

/** Whether it was as wanted already: it was started and runs, or was stopped and has. */
export function isAlreadySo(error: unknown): boolean {
  return isYardError(error) && statusOf(error.cause) === 304;
}
