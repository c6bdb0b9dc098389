/** An event as people read it in a chat: plain lines, of which the first says it all. */
import type { AnyDocument, EventDocument, FleetDocument } from "../channel.ts";

const summaries: Readonly<Record<string, (id: string) => string>> = {
  "capsule.created": (id) => `Capsule ${id} was created`,
  "capsule.running": (id) => `Capsule ${id} was resumed`,
  "capsule.paused": (id) => `Capsule ${id} was paused`,
  "capsule.destroyed": (id) => `Capsule ${id} was destroyed`,
  "template.snapshot.created": (id) => `Template ${id} was made`,
  "template.snapshot.deleted": (id) => `Template ${id} was removed`,
  "host.up": (id) => `Host ${id} is up`,
  "host.down": (id) => `Host ${id} is down`,
  "channel.test": () => "A test: this channel works",
};

/** How much it matters, now. */
export function urgencyOf(event: AnyDocument): FleetDocument["severity"] {
  return isOfFleet(event) && event.event === "alert.fired" ? event.severity : "info";
}

/** Its first line apart, for receivers that have a place for that. */
export function titleAndText(event: AnyDocument): { readonly title: string; readonly text: string } {
  const [title = "", ...lines] = messageText(event).split("\n");
  return { title, text: lines.join("\n").trim() };
}

export function isOfFleet(event: AnyDocument): event is FleetDocument {
  return "severity" in event;
}

export function messageText(event: AnyDocument): string {
  return isOfFleet(event) ? fleetText(event) : eventText(event);
}

function fleetText({ event, severity, message, alert, timestamp }: FleetDocument): string {
  const name = oneLine(alert?.rule_name ?? "");
  const titles = { "alert.fired": `${severity}: ${name}`, "alert.resolved": `resolved: ${name}` };
  return [
    event === "channel.test" ? summaries[event]!("") : titles[event],
    "",
    oneLine(message, 1_000),
    ...(alert ? aboutLines(alert) : []),
    `Time: ${timestamp}`,
  ].join("\n");
}

function aboutLines(alert: NonNullable<FleetDocument["alert"]>): readonly string[] {
  if (!("container_name" in alert)) return [`Containers: ${alert.container_count}`];
  return [`Container: ${oneLine(alert.container_name)}`, `Host: ${oneLine(alert.host_id)}`];
}

function eventText({ event, resource, actor, team_id: team, timestamp }: EventDocument): string {
  const summary = summaries[event]?.(resource.id) ?? `${event}: ${resource.id}`;
  return [
    summary,
    "",
    `Event: ${event}`,
    `Resource: ${resource.type} ${resource.id}`,
    `Actor: ${actorText(actor)}`,
    `Team: ${team}`,
    `Time: ${timestamp}`,
  ].join("\n");
}

function actorText({ type, id, name }: EventDocument["actor"]): string {
  if (id === undefined) return type;
  const who = name === undefined ? id : `${oneLine(name)} (${id})`;
  return type === "user" ? who : `${type} ${who}`;
}

/** Keys are called whatever their makers like. */
function oneLine(name: string, most = 100): string {
  const line = name.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
