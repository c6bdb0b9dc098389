/** @see https://gotify.net/docs/pushmsg */
import { titleAndText, urgencyOf } from "./message-text.ts";
import { type HttpProvider, jsonRequest, webAddress } from "./provider.ts";

/** From 4 on its apps make a sound, from 8 on they insist. */
const priorities = { info: 3, warning: 5, critical: 8 } as const;

export const gotify: HttpProvider = {
  fields: { server_url: "required", token: "required" },
  shown: ["server_url"],
  destination: ["server_url"],
  request(config, { event }) {
    const url = webAddress(config, "server_url");
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/message`;
    url.search = "";
    const { title, text: message } = titleAndText(event);
    const body = { title, message, priority: priorities[urgencyOf(event)] };
    return jsonRequest("POST", url, JSON.stringify(body), { "x-gotify-key": config.token ?? "" });
  },
};
