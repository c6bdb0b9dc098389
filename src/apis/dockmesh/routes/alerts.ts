/** Rules by which people are told that a container is not well, and what these have told. */
import { Type } from "typebox";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { AlertHistoryEntry, AlertRule, AlertRuleInput, entryToWire, ruleFromWire, ruleToWire } from "../alert-words.ts";
import { errorReplies } from "../errors.ts";
import { reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, Done } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const about = { tags: ["alerts"], security: bearer };
const RulePath = Type.Object({ id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });
const [usualEntries, mostEntries] = [100, 1_000];

type AlertParts = Pick<DockmeshParts, "alerts">;

export function registerAlertRoutes(app: ApiInstance, parts: AlertParts, toolbox: Toolbox): void {
  registerReading(app, parts, toolbox);
  registerMaking(app, parts, toolbox);
  registerChanging(app, parts, toolbox);
}

function registerReading(app: ApiInstance, { alerts }: AlertParts, { guards }: Toolbox): void {
  const onRequest = guards.may("user.manage");

  app.get(
    `${basePath}/alerts/rules`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "alerts.list_rules",
        summary: "List the rules",
        response: { 200: Type.Array(AlertRule), ...errorReplies(401, 403) },
      },
    },
    async () => (await alerts.rules.list()).map(ruleToWire),
  );

  app.get(
    `${basePath}/alerts/history`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "alerts.history",
        summary: "List what rules have told, newest first",
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ description: "100 if absent, or not between 1 and 1000" })),
        }),
        response: { 200: Type.Array(AlertHistoryEntry), ...errorReplies(400, 401, 403) },
      },
    },
    async (request) => {
      const { limit = usualEntries } = request.query;
      const most = limit >= 1 && limit <= mostEntries ? limit : usualEntries;
      return (await alerts.history(reachOf(request), most)).map(entryToWire);
    },
  );
}

function registerMaking(app: ApiInstance, { alerts }: AlertParts, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/alerts/rules`,
    {
      onRequest: guards.may("user.manage"),
      schema: {
        ...about,
        operationId: "alerts.create_rule",
        summary: "Make a rule",
        body: AlertRuleInput,
        response: { 201: AlertRule, ...errorReplies(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const what = { action: "alert_rule.create", target: request.body.name };
      const made = await trail.change(request, principal, what, () => alerts.rules.create(ruleFromWire(request.body)));
      return reply.code(201).send(ruleToWire(made));
    },
  );
}

function registerChanging(app: ApiInstance, { alerts }: AlertParts, { guards, trail }: Toolbox): void {
  const onRequest = guards.may("user.manage");

  app.put(
    `${basePath}/alerts/rules/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "alerts.update_rule",
        summary: "Replace a rule",
        description: "What is left out is as in a new rule.",
        params: RulePath,
        body: AlertRuleInput,
        response: { 200: AlertRule, ...errorReplies(400, 401, 403, 404) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const what = { action: "alert_rule.update", target: String(id) };
      const work = () => alerts.rules.update(id, ruleFromWire(request.body));
      return ruleToWire(await trail.change(request, principalOf(request), what, work));
    },
  );

  app.delete(
    `${basePath}/alerts/rules/:id`,
    {
      onRequest,
      schema: {
        ...about,
        operationId: "alerts.delete_rule",
        summary: "Delete a rule",
        description: "Those that came with the server can be disabled, and not deleted.",
        params: RulePath,
        response: { 204: Done, ...errorReplies(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const what = { action: "alert_rule.delete", target: String(id) };
      await trail.change(request, principalOf(request), what, () => alerts.rules.remove(id));
      return reply.code(204).send();
    },
  );
}
