/** @see https://pushover.net/api */
import { titleAndText, urgencyOf } from "./message-text.ts";
import { type HttpProvider, jsonRequest, webAddress } from "./provider.ts";

const usualUrl = "https://api.pushover.net/1/messages.json";
/** 1 is heard in quiet hours, too; -1 makes no sound. */
const priorities = { info: -1, warning: 0, critical: 1 } as const;

export const pushover: HttpProvider = {
  fields: { token: "required", user: "required", url: "optional" },
  shown: ["url"],
  destination: ["url"],
  request(config, { event }) {
    const { title, text: message } = titleAndText(event);
    const { token, user } = config;
    const body = { token, user, title, message, priority: priorities[urgencyOf(event)] };
    return jsonRequest("POST", webAddress({ url: usualUrl, ...config }, "url"), JSON.stringify(body));
  },
};
