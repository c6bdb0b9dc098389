/** Requests that are meant for something behind this server and for none of its APIs: told by their head alone, before a route is looked for, on
 *  every listener. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

export interface Gateway {
  /** Who answers in place of the APIs, if the request is not theirs. It is asked for each request, so it has to be quick.
   *  @param apis those that answer on the listener it came by, where not all do */
  claim(request: IncomingMessage, apis?: readonly string[]): Backend | undefined;
  /** The server closes: what is under way comes to its end soon, or is cut. */
  drain(): void;
}

export interface Backend {
  request(request: IncomingMessage, response: ServerResponse): void;
  /** The client asks for another protocol: the connection is the backend's from then on, answer and errors included. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}
