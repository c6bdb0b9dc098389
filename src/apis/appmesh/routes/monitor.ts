/** The host's resources and the yard's metrics. */
import { Type } from "typebox";
import type { AgentInfo, HostResources } from "../../../agent/protocol.ts";
import { mayDo } from "../../../identity/principal.ts";
import type { ApiInstance, ApiRequest } from "../../../platform/http/api.ts";
import { bearerTokenOf } from "../../../platform/http/bearer.ts";
import { isLocalRequest, isLoopbackAddress } from "../../../platform/http/local-request.ts";
import type { Guard } from "../authenticate.ts";
import type { AppMeshMetrics } from "../metrics.ts";
import type { AppMeshParts } from "../parts.ts";
import { permissionFromWire } from "../permissions.ts";
import { errorReplies, Resources } from "../schemas.ts";
import { localTimeText } from "../times.ts";

export function registerMonitorRoutes(
  app: ApiInstance,
  parts: AppMeshParts,
  guard: Guard,
  metrics: AppMeshMetrics,
): void {
  app.get(
    "/appmesh/resources",
    {
      onRequest: guard("host-resource-view"),
      schema: {
        summary: "Processors, memory, disks and networks of the host, and how busy they are",
        tags: ["Monitoring"],
        security: [{ BearerAuth: [] }],
        response: { 200: Resources, ...errorReplies(400, 401) },
      },
    },
    async () => {
      const [info, resources, description] = await Promise.all([
        parts.localHost.info(),
        parts.localHost.resources(),
        parts.settings.description(),
      ]);
      const about = { now: parts.clock.now(), startedAt: parts.startedAt, home: parts.home, description };
      return resourcesToWire(info, resources, about);
    },
  );

  app.get(
    "/appmesh/metrics",
    {
      schema: {
        summary:
          "Metrics in Prometheus' text format; those of single apps for callers on the same machine or with a token",
        tags: ["Monitoring"],
        response: {
          200: { description: "Prometheus text", content: { "text/plain": { schema: Type.String() } } },
          ...errorReplies(),
        },
      },
    },
    async (request, reply) => {
      metrics.scraped();
      const { text } = await parts.metrics.text((await maySeeApps(request, parts)) ? "trusted" : "anybody");
      return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
    },
  );
}

/** Anybody may scrape, as App Mesh has it. Which apps there are is for those who may list them, and for this machine's own collector. */
async function maySeeApps(request: ApiRequest, { metricsOpen, identity }: AppMeshParts): Promise<boolean> {
  if (metricsOpen || isLocalRequest(request)) return true;
  const token = bearerTokenOf(request.headers.authorization);
  if (!token) return false;
  return identity.authenticator.authenticate(token).then(
    (principal) => mayDo(principal, permissionFromWire("app-view-all")),
    () => false,
  );
}

function resourcesToWire(
  info: AgentInfo,
  resources: HostResources,
  about: { now: number; startedAt: number; home: string; description: string },
) {
  const [one, five, fifteen] = resources.load;
  return {
    host_name: info.hostname,
    host_description: about.description,
    os_user: info.osUser,
    net: resources.networks.filter(({ address }) => !isLoopbackAddress(address)),
    cpu_cores: resources.cpuCores,
    cpu_sockets: resources.cpuSockets,
    cpu_processors: resources.cpuProcessors,
    mem_total_bytes: resources.memoryTotalBytes,
    mem_free_bytes: resources.memoryFreeBytes,
    mem_totalSwap_bytes: resources.swapTotalBytes,
    mem_freeSwap_bytes: resources.swapFreeBytes,
    mem_applications: resources.memoryUsedByAgentBytes + process.memoryUsage.rss(),
    load: { "1min": one, "5min": five, "15min": fifteen },
    fs: resources.disks.map((disk) => ({
      size: disk.totalBytes,
      used: disk.usedBytes,
      usage: disk.totalBytes > 0 ? disk.usedBytes / disk.totalBytes : 0,
      device: disk.device,
      mount_point: disk.mountPoint,
    })),
    systime: localTimeText(about.now),
    appmesh_start_time: localTimeText(about.startedAt),
    pid: info.pid,
    home: about.home,
    fd: resources.openFiles,
  };
}
