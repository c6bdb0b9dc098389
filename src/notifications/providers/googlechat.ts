/** @see https://developers.google.com/workspace/chat/quickstart/webhooks */
import { messageText } from "./message-text.ts";
import { type HttpProvider, jsonRequest, webAddress, wrongAddress } from "./provider.ts";

export const googlechat: HttpProvider = {
  fields: { webhook_url: "required" },
  request(config, { event }) {
    const url = webAddress(config, "webhook_url");
    const isWhole = ["key", "token"].every((name) => url.searchParams.get(name));
    if (url.hostname !== "chat.googleapis.com" || !isWhole)
      throw wrongAddress("webhook_url", "does not look like https://chat.googleapis.com/…?key=…&token=…");
    return jsonRequest("POST", url, JSON.stringify({ text: withoutMentions(messageText(event)) }));
  },
};

/** `<users/all>` would call everybody, and nothing escapes it. */
function withoutMentions(text: string): string {
  return text.replaceAll("<", "‹").replaceAll(">", "›");
}
