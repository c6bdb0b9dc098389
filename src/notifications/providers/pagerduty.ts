/** @see https://developer.pagerduty.com/docs/events-api-v2-overview */
import type { AnyDocument, FleetDocument } from "../channel.ts";
import { isOfFleet, titleAndText, urgencyOf } from "./message-text.ts";
import { type HttpProvider, jsonRequest, webAddress } from "./provider.ts";

/** Another one serves accounts in Europe. */
const usualUrl = "https://events.pagerduty.com/v2/enqueue";
const mostSummary = 1_000;

export const pagerduty: HttpProvider = {
  fields: { routing_key: "required", url: "optional" },
  shown: ["url"],
  destination: ["url"],
  request(config, { event }) {
    const { title, text } = titleAndText(event);
    const summary = isOfFleet(event) ? `${title}: ${event.message}` : title;
    const body = {
      routing_key: config.routing_key,
      event_action: isOver(event) ? "resolve" : "trigger",
      dedup_key: incidentOf(event),
      payload: {
        summary: summary.slice(0, mostSummary),
        source: isOfFleet(event) ? sourceOf(event) : event.resource.id,
        severity: urgencyOf(event),
        timestamp: event.timestamp,
        custom_details: { text },
      },
    };
    return jsonRequest("POST", webAddress({ url: usualUrl, ...config }, "url"), JSON.stringify(body));
  },
};

/** As long as the rule fires for anything, its incident is open. */
function isOver(event: AnyDocument): boolean {
  return isOfFleet(event) && event.event === "alert.resolved" && (event.alert?.firing ?? 0) === 0;
}

function sourceOf({ alert }: FleetDocument): string {
  return alert !== undefined && "container_name" in alert ? alert.container_name : "runyard";
}

/** All that one rule tells is about one incident. */
function incidentOf(event: AnyDocument): string {
  if (!isOfFleet(event)) return `runyard/${event.event}/${event.resource.id}`;
  const { alert } = event;
  return alert ? `runyard/${alert.rule_id}` : `runyard/${event.event}`;
}
