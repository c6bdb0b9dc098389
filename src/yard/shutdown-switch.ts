/** Stops the yard on behalf of who has read its log. */
import { newSecret } from "../platform/crypto/secrets.ts";
import type { Log } from "../platform/log.ts";

export interface YardShutdown {
  /** New at each start. */
  readonly secret: string;
  /** Resolves once somebody who knew the secret has asked for the stop. */
  readonly requested: Promise<void>;
  request(): void;
}

/** The log is the one place that tells the secret. */
export function createShutdownSwitch(log: Log): YardShutdown {
  const secret = newSecret();
  const { promise: requested, resolve: request } = Promise.withResolvers<void>();
  // In the text: what is logged under such a name is hidden.
  log.info(`POST /admin/shutdown stops this server, with the secret ${secret}`);
  return { secret, requested, request };
}
