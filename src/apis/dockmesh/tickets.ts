/** How a WebSocket learns whose it is: browsers send no Authorization with such a request, so a ticket comes in its URL. */
import type { Identity } from "../../identity/identity.ts";
import type { Principal } from "../../identity/principal.ts";

export interface SocketTickets {
  /** Good once, for 30 s, for whoever asks and for what they may at this moment. */
  issue(principal: Principal): Promise<string>;
  /** Uses it up, whatever becomes of the request that brings it. @throws {YardError} unauthenticated */
  redeem(ticket: string): Promise<Principal>;
  /** Who somebody is by now whose WebSocket is open. @throws {YardError} unauthenticated, once the session or key has ended */
  again(principal: Principal): Promise<Principal>;
}

export interface TicketParts extends Pick<Identity, "tickets" | "authenticator"> {
  /** Does it even on a full disk: whoever looks for the cause needs a terminal. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

export function createSocketTickets({ tickets, authenticator, essential }: TicketParts): SocketTickets {
  return {
    issue: async (principal) => (await essential(() => tickets.issue(principal))).ticket,
    redeem: (ticket) => essential(() => tickets.redeem(ticket)),
    again: (principal) => authenticator.again(principal),
  };
}
