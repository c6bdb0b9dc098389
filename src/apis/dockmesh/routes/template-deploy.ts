/** A stack out of a template, made and brought up at once. */
import { type Static, Type } from "typebox";
import { requireStackName } from "../../../containers/stacks/stack-names.ts";
import { requireStackWithin } from "../../../containers/stacks/stack-reach.ts";
import { prepareStack } from "../../../containers/templates/prepare.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { DeployResult, deploying, deployResultToWire } from "../deploy-words.ts";
import { errorReplies } from "../errors.ts";
import { principalOf, reachOf } from "../guards.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, hostIdOf } from "../schemas.ts";
import { callerOf } from "../stack-caller.ts";
import type { Toolbox } from "../toolbox.ts";
import { TemplatePath } from "./templates.ts";

const Deployed = Type.Object({
  stack: Type.String(),
  compose: Type.String({ description: "As it was deployed, but for the secrets" }),
  values: Type.Record(Type.String(), Type.String(), {
    description: "`<generated>` stands for a secret that was made up, `<secret>` for one that was given",
  }),
  deploy_result: DeployResult,
});

const DeployInput = Type.Object({
  stack_name: Type.String({ description: "Of a stack that there is not yet" }),
  host_id: Type.Optional(Type.String({ description: "Absent, empty or `local`: the server's own" })),
  values: Type.Optional(Type.Record(Type.String(), Type.String())),
});

type Parts = Pick<DockmeshParts, "templates" | "stackFiles" | "stacks" | "dockerHosts">;

export function registerTemplateDeployRoute(app: ApiInstance, parts: Parts, { guards, trail }: Toolbox): void {
  app.post(
    `${basePath}/templates/:id/deploy`,
    {
      onRequest: guards.may("stack.adopt"),
      schema: {
        ...{ tags: ["templates"], security: bearer, params: TemplatePath },
        operationId: "templates.deploy",
        summary: "Make a stack of a template, and deploy it",
        description:
          "Where it cannot be deployed the stack is there all the same: mend it, and deploy it as any other.",
        body: DeployInput,
        response: { 201: Deployed, ...errorReplies(400, 401, 403, 404, 409, 422, 424, 503) },
      },
    },
    async (request, reply) => {
      const { stack_name: target, host_id: host = "local" } = request.body;
      const details = { template: request.params.id, host };
      const what = { action: "template.deploy", target, details };
      const deployed = await trail.change(request, principalOf(request), what, () =>
        deploying(() => deploy(request.params.id, request.body, request, { ...parts, trail })),
      );
      return reply.code(201).send(deployed);
    },
  );
}

async function deploy(
  id: number,
  { stack_name: name, host_id: host, values = {} }: Static<typeof DeployInput>,
  request: ApiRequest,
  { templates, stackFiles, stacks, dockerHosts, trail }: Parts & Pick<Toolbox, "trail">,
): Promise<Static<typeof Deployed>> {
  requireStackName(name);
  const caller = callerOf(request);
  const hostId = hostIdOf({ host });
  dockerHosts.get(hostId, caller.reach);
  requireStackWithin(await stacks.placements.get(name), reachOf(request), dockerHosts);
  const template = await templates.get(id);
  const { compose, env, shownCompose, shownValues } = prepareStack(template, values);
  // Whoever deploys it answers for this deployment; for later ones, by others, counts who has written it.
  const author = { userId: caller.userId, isTrusted: caller.mayReachHost && template.isTrusted };
  // By itself: the stack is there, whatever becomes of its deployment.
  const what = { action: "stack.create", target: name, details: { template: id } };
  await trail.change(request, principalOf(request), what, () =>
    stackFiles.create({ name, compose, ...(env !== "" && { env }) }, author),
  );
  const report = await stacks.deploys.deploy(name, { caller, ...(hostId !== undefined && { hostId }) });
  return { stack: name, compose: shownCompose, values: shownValues, deploy_result: deployResultToWire(report) };
}
