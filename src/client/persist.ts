/** Calls that are repeated while the yard is away: each is asked again until it is answered, so each must be one that may be done twice. */
import { errnoOf, isYardError } from "../platform/errors.ts";
import type { YardClient } from "./http.ts";
import { createPatience, isLost, type PatienceParts } from "./patience.ts";

export interface PersistParts extends PatienceParts {
  /** Asked again after a lost connection: a restarted yard of this machine has another credential, perhaps another port. */
  readonly connect: () => Promise<YardClient>;
}

/** @throws the signal's reason once that is aborted, what the yard refuses, or that it was away for too long */
export type Persist = <T>(work: (client: YardClient) => Promise<T>) => Promise<T>;

/** @param first the connection at hand. A yard that was never there is not waited for. */
export function createPersist(first: YardClient, parts: PersistParts): Persist {
  const patience = createPatience(parts);
  let client: YardClient | undefined = first;
  let wasThere = false;
  return async (work) => {
    for (;;) {
      try {
        client ??= await parts.connect();
        const result = await work(client);
        patience.found();
        wasThere = true;
        return result;
      } catch (error) {
        parts.signal.throwIfAborted();
        if (!isLost(error) || (!wasThere && neverArrived(error))) throw error;
        client = undefined;
        await patience.wait(error);
      }
    }
  };
}

function neverArrived(error: unknown): boolean {
  if (isYardError(error, "unauthenticated")) return true;
  return isYardError(error, "unavailable") && errnoOf(error.cause) === "ECONNREFUSED";
}
