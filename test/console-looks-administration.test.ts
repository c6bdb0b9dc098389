/** Every page of administration, with its dialogs, as people see it. */
import { before, describe, test } from "node:test";
import { noBrowser } from "./support/console-browser.ts";
import { inspectPlaces, type Place, widths } from "./support/console-places.ts";
import { useVisitors } from "./support/console-suite.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";

/** @param team the administrator's own */
const placesOf = (team: string): readonly Place[] => [
  ["/events", "Events"],
  ["/audit", "Audit"],
  ["/audit", "Audit", ["row user.create"]],
  ["/users", "Users"],
  ["/users", "Users", ["New user"]],
  ["/users", "Users", ["More for mary", "Roles…"]],
  ["/users", "Users", ["More for mary", "How many teams…"]],
  ["/users", "Users", ["More for mary", "Set a password…"]],
  ["/roles", "Roles"],
  ["/roles", "Roles", ["New role"]],
  ["/roles", "Roles", ["More for operator", "All permissions…"]],
  ["/teams", "Teams"],
  [`/teams/${team}`, "admin"],
  [`/teams/${team}`, "admin", ["Bring somebody in…"]],
  [`/teams/${team}`, "admin", ["Quota…"]],
  [`/teams/${team}/keys`, "admin"],
  [`/teams/${team}/channels`, "admin", ["New channel"]],
  ["/alerts", "Alerts"],
  ["/alerts", "Alerts", ["New rule"]],
  ["/alerts/history", "Alerts"],
  ["/alerts/channels", "Alerts", ["New channel"]],
  ["/doctor", "Doctor"],
  ["/settings", "Settings"],
  ["/settings/passwords", "Settings"],
  ["/settings/sign-in", "Settings"],
  ["/settings/sign-in", "Settings", ["New provider"]],
  ["/settings/registries", "Settings", ["New registry"]],
  ["/settings/variables", "Settings"],
  ["/settings/audit", "Settings"],
  ["/account", "Your account"],
  ["/account/logins", "Your account"],
  ["/account/tokens", "Your account", ["New token"]],
  ["/explorer", "API explorer"],
];

describe("The looks of the console's pages of administration", { skip: noBrowser }, () => {
  const yard = useDockmeshYard({ "docker-socket": "/nonexistent/docker.sock" });
  const { asAdmin, visit } = useVisitors(() => yard.url);
  let places: readonly Place[];
  before(async () => {
    const [own] = (await (await asAdmin("GET", "/v1/teams")).json()) as readonly { id: string }[];
    places = placesOf(own?.id ?? "");
    await yard.admin.expect(201, "POST", "/users", { username: "mary", password: "a good password", role: "viewer" });
  });

  for (const width of widths)
    test(`every page is accessible: ${width} px`, { timeout: 240_000 }, async (t) => {
      await inspectPlaces(await visit(t, "/", { width }), places, width);
    });
});
