/** @see https://docs.ntfy.sh/publish/#publish-as-json */
import { titleAndText, urgencyOf } from "./message-text.ts";
import { type HttpProvider, jsonRequest, webAddress } from "./provider.ts";

const usualServer = "https://ntfy.sh";
const priorities = { info: 3, warning: 4, critical: 5 } as const;

export const ntfy: HttpProvider = {
  fields: { server_url: "optional", topic: "required", token: "optional" },
  shown: ["server_url", "topic"],
  destination: ["server_url"],
  request(config, { event }) {
    const url = webAddress({ server_url: usualServer, ...config }, "server_url");
    const { title, text: message } = titleAndText(event);
    const body = { topic: config.topic, title, message, priority: priorities[urgencyOf(event)] };
    const { token } = config;
    return jsonRequest("POST", url, JSON.stringify(body), token ? { authorization: `Bearer ${token}` } : {});
  },
};
