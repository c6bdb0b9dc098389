/** @see https://core.telegram.org/bots/api#sendmessage */
import { messageText } from "./message-text.ts";
import { type HttpProvider, jsonRequest } from "./provider.ts";

/** @param server of the Bot API: Telegram's, or one of the operator's own */
export function createTelegram(server: string): HttpProvider {
  return {
    fields: { bot_token: "required", chat_id: "required" },
    request({ bot_token: token = "", chat_id }, { event }) {
      const url = new URL(`/bot${encodeURIComponent(token).replaceAll("%3A", ":")}/sendMessage`, server);
      const body = { chat_id, text: messageText(event), link_preview_options: { is_disabled: true } };
      return jsonRequest("POST", url, JSON.stringify(body));
    },
  };
}
