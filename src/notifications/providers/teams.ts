/** @see https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
import { messageText } from "./message-text.ts";
import { type HttpProvider, hookAddress, jsonRequest } from "./provider.ts";

const guid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** Newer addresses have one part more. */
const connector = `/${guid}@${guid}/IncomingWebhook/[0-9a-f]{32}/${guid}(?:/[\\w-]+)?`;
/** What has taken the place of connectors: a flow that posts what it is sent. */
const workflow = "/triggers/[\\w-]+/paths/invoke";
const path = new RegExp(`(?:${connector}|${workflow})$`, "i");
const isWorkflow = new RegExp(`${workflow}$`, "i");

export const teams: HttpProvider = {
  fields: { webhook_url: "required" },
  request(config, { event }) {
    const url = hookAddress(config, path, "/{guid}@{guid}/IncomingWebhook/{32 hex digits}/{guid} or …/paths/invoke");
    const text = asMarkdown(messageText(event));
    return jsonRequest("POST", url, JSON.stringify(isWorkflow.test(url.pathname) ? cardOf(text) : { text }));
  },
};

/** Flows take cards alone. @see https://adaptivecards.io/explorer/AdaptiveCard.html */
function cardOf(text: string): object {
  const body = [{ type: "TextBlock", text, wrap: true }];
  const content = { type: "AdaptiveCard", version: "1.4", body };
  return { type: "message", attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content }] };
}

/** Only an empty line ends a line there; and neither marks nor tags are meant. */
function asMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>#]/g, "\\$&").replace(/\n+/g, "\n\n");
}
