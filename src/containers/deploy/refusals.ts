/** What an engine says when it will not make or start a container, as whoever wrote the file needs it. */
import { statusOf } from "../../platform/docker/engine.ts";
import { isYardError, YardError } from "../../platform/errors.ts";

const portTaken = /port is already allocated|address already in use|ports are not available/i;

/** A port that is taken, and whatever the engine finds wrong with the request, is the file's fault; the rest is not.
 *  @param field `services.web` */
export function asRefusal(error: unknown, field: string): unknown {
  if (!isYardError(error)) return error;
  const status = statusOf(error.cause);
  if (status === undefined) return error;
  const message = error.message;
  if (portTaken.test(message)) {
    return new YardError("precondition", `A port of it is taken on the host: ${message}`, { cause: error, field });
  }
  if (status < 500) return new YardError("precondition", message, { cause: error, field });
  return isYardError(error, "storage_full") ? error : new YardError("internal", message, { cause: error, field });
}
