/** Sends an event to a receiver that need not be anybody's channel yet: once, while somebody waits for what becomes of it. */
import { YardError } from "../platform/errors.ts";
import { ExchangeError } from "../platform/http/outgoing/exchange-error.ts";
import { newId } from "../platform/ids.ts";
import type { AnyDocument, AnyProvider, ChannelConfig } from "./channel.ts";
import type { Send } from "./send.ts";

/** Of one team, each of which waits for somebody else's server. */
const mostAtOnce = 4;

/** @throws {YardError} invalid, also where it does not arrive, with the reason; too_many; interrupted by the signal */
export type Trial = (
  teamId: string,
  /** Complete. */
  to: { readonly provider: AnyProvider; readonly config: ChannelConfig },
  attempt: { readonly event: AnyDocument; readonly signal: AbortSignal },
) => Promise<void>;

export function createTrial({ send }: { send: Send }): Trial {
  const underWay = new Map<string, number>();
  return async (teamId, { provider, config }, { event, signal }) => {
    const others = underWay.get(teamId) ?? 0;
    if (others >= mostAtOnce)
      throw new YardError("too_many", `${others} channels are tried out already. Wait for one of them.`);
    underWay.set(teamId, others + 1);
    try {
      const message = { eventId: newId("event"), event, json: JSON.stringify(event) };
      await send({ provider, config, message, signal });
    } catch (error) {
      if (signal.aborted) throw new YardError("interrupted", "The test was ended before it had arrived. Try again.");
      if (!(error instanceof ExchangeError)) throw error;
      throw new YardError("invalid", `The test did not arrive: ${error.message}.`, { field: "config", cause: error });
    } finally {
      const left = underWay.get(teamId)! - 1;
      if (left > 0) underWay.set(teamId, left);
      else underWay.delete(teamId);
    }
  };
}
