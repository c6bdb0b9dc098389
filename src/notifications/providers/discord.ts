/** @see https://discord.com/developers/docs/resources/webhook#execute-webhook */
import { messageText } from "./message-text.ts";
import { type HttpProvider, hookAddress, jsonRequest } from "./provider.ts";

const path = /^\/api\/(?:v\d+\/)?webhooks\/\d+\/[\w-]+$/;

export const discord: HttpProvider = {
  fields: { webhook_url: "required" },
  request(config, { event }) {
    const url = hookAddress(config, path, "/api/webhooks/{id}/{token}");
    // A name such as @everyone calls nobody.
    const body = { content: messageText(event), allowed_mentions: { parse: [] } };
    return jsonRequest("POST", url, JSON.stringify(body));
  },
};
