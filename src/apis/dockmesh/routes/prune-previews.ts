/** What would be removed by pruning, before anything is. */
import { Type } from "typebox";
import type { DockerHost } from "../../../containers/docker-hosts.ts";
import {
  type PruneCandidate,
  previewImagePrune,
  previewNetworkPrune,
  previewVolumePrune,
} from "../../../containers/prune-preview.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { createAskedHosts } from "../asked-hosts.ts";
import { errorReplies } from "../errors.ts";
import type { DockmeshParts } from "../parts.ts";
import { basePath, bearer, HostQuery } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const PrunePreview = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      bytes: Type.Integer({ description: "At least what its removal frees; of networks 0" }),
    }),
  ),
  bytes: Type.Integer({ description: "Of all together" }),
});

const previews: Readonly<
  Record<string, { summary: string; look(host: DockerHost): Promise<readonly PruneCandidate[]> }>
> = {
  images: { summary: "What pruning images would remove, and how many bytes at least", look: previewImagePrune },
  volumes: { summary: "What pruning volumes would remove, and how many bytes", look: previewVolumePrune },
  networks: { summary: "What pruning networks would remove", look: previewNetworkPrune },
};

export function registerPrunePreviewRoutes(
  app: ApiInstance,
  { dockerHosts }: Pick<DockmeshParts, "dockerHosts">,
  { guards }: Toolbox,
): void {
  const asked = createAskedHosts(dockerHosts);
  for (const [things, { summary, look }] of Object.entries(previews)) {
    app.get(
      `${basePath}/${things}/prune/preview`,
      {
        onRequest: guards.may("read"),
        schema: {
          ...{ operationId: `${things}.prune_preview`, summary, tags: [things], security: bearer },
          querystring: HostQuery,
          response: { 200: PrunePreview, ...errorReplies(400, 401, 403, 503) },
        },
      },
      async (request) => {
        const items = await look(asked.one(request));
        return { items: [...items], bytes: items.reduce((sum, { bytes }) => sum + bytes, 0) };
      },
    );
  }
}
