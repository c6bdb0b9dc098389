/** @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
import { messageText } from "./message-text.ts";
import { type HttpProvider, hookAddress, jsonRequest } from "./provider.ts";

const path = /^\/services\/T\w+\/B\w+\/\w+$/;

export const slack: HttpProvider = {
  fields: { webhook_url: "required" },
  request(config, { event }) {
    const url = hookAddress(config, path, "/services/T…/B…/X…");
    return jsonRequest("POST", url, JSON.stringify({ text: escaped(messageText(event)) }));
  },
};

/** What stands in angle brackets is a link, or calls everybody. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
