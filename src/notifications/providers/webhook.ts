/** The event itself, to any address. Receivers know by its signature that it is from here, and by the time in it that it is new. */
import { randomBytes, randomUUID } from "node:crypto";
import { signatureHeaders, signatureOf } from "../../platform/http/outgoing/signature.ts";
import { isOfFleet } from "./message-text.ts";
import { type HttpProvider, jsonRequest, webAddress } from "./provider.ts";

export const webhook: HttpProvider = {
  fields: { url: "required", secret: "optional" },
  shown: ["url"],
  destination: ["url"],
  secretField: "secret",
  complete: (config) => ({ ...config, secret: config.secret || randomBytes(32).toString("hex") }),
  request(config, { json, event, at }) {
    const timestamp = new Date(at).toISOString();
    const names = isOfFleet(event) ? signatureHeaders : teamHeaders;
    return jsonRequest("POST", webAddress(config, "url"), json, {
      [names.delivery]: randomUUID(),
      [names.timestamp]: timestamp,
      // The fleet's channels need no secret: what comes from there is not signed then.
      ...(config.secret !== undefined && { [names.signature]: signatureOf(timestamp, json, config.secret) }),
    });
  },
};

/** As those who read events of teams know them. */
const teamHeaders = { signature: "X-WRENN-SIGNATURE", delivery: "X-Wrenn-Delivery", timestamp: "X-Wrenn-Timestamp" };
