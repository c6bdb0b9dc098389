/** Settings of the server that administrators change while it runs. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer } from "../schemas.ts";
import { Setting, SettingChanges, settingsFromWire, settingsToWire } from "../setting-words.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["settings"], security: bearer };

export function registerSettingRoutes(
  app: ApiInstance,
  { identity: { policy }, fleetSettings }: Pick<DockmeshParts, "identity" | "fleetSettings">,
  { guards, trail }: Toolbox,
): void {
  const onRequest = guards.may("user.manage");
  const read = async () => settingsToWire(await fleetSettings.get(), await policy.get());

  app.get(
    `${basePath}/settings`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "settings.list",
        summary: "List the settings",
        response: { 200: Type.Array(Setting), ...errorReplies(401, 403) },
      },
    },
    read,
  );

  app.put(
    `${basePath}/settings`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "settings.update",
        summary: "Change settings, all that are given or none",
        description: "What is left out stays. Those that begin with `auth.` are the rules of `/auth/policy`.",
        body: SettingChanges,
        response: { 200: Type.Array(Setting), ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      const { fleet, policy: rules, given } = settingsFromWire(request.body);
      const what = { action: "settings.update", target: Object.keys(given).sort().join(","), details: given };
      return trail.change(request, principalOf(request), what, async () => {
        if (Object.keys(fleet).length > 0) await fleetSettings.change(fleet);
        if (Object.keys(given).some((key) => key.startsWith("auth."))) await policy.change(rules);
        return read();
      });
    },
  );
}
