/** Request ids: the caller's own `X-Request-Id` where it is harmless, else a cheap one that is unique to this process' life. */
import type { IncomingMessage } from "node:http";
import { randomText } from "../ids.ts";

const harmless = /^[A-Za-z0-9._:@/+=-]{1,64}$/;

export function createRequestIds(): (request: IncomingMessage) => string {
  const prefix = randomText(8);
  let count = 0;
  return (request) => {
    const given = request.headers["x-request-id"];
    if (typeof given === "string" && harmless.test(given)) return given;
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
