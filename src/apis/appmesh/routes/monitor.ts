/** The host's resources and the yard's metrics. */
import { Type } from "typebox";
import type { AgentInfo, HostResources } from "../../../agent/protocol.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { isLoopbackAddress } from "../../../platform/http/local-request.ts";
import type { Guard } from "../authenticate.ts";
import type { AppMeshMetrics } from "../metrics.ts";
import type { AppMeshParts } from "../parts.ts";
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
      const [info, resources] = await Promise.all([parts.localHost.info(), parts.localHost.resources()]);
      return resourcesToWire(info, resources, { now: parts.clock.now(), startedAt: parts.startedAt, home: parts.home });
    },
  );

  app.get(
    "/appmesh/metrics",
    {
      schema: {
        summary: "Metrics in Prometheus' text format",
        tags: ["Monitoring"],
        response: {
          200: { description: "Prometheus text", content: { "text/plain": { schema: Type.String() } } },
          ...errorReplies(),
        },
      },
    },
    async (_request, reply) => {
      metrics.scraped();
      const { text } = await parts.metrics.text();
      return reply.type("text/plain; version=0.0.4; charset=utf-8").send(text);
    },
  );
}

function resourcesToWire(
  info: AgentInfo,
  resources: HostResources,
  about: { now: number; startedAt: number; home: string },
) {
  const [one, five, fifteen] = resources.load;
  return {
    host_name: info.hostname,
    host_description: info.hostname,
    os_user: info.osUser,
    net: resources.networks.filter(({ address }) => !isLoopbackAddress(address)),
    cpu_cores: resources.cpuCores,
    cpu_sockets: resources.cpuSockets,
    cpu_processors: resources.cpuProcessors,
    mem_total_bytes: resources.memoryTotalBytes,
    mem_free_bytes: resources.memoryFreeBytes,
    mem_totalSwap_bytes: resources.swapTotalBytes,
    mem_freeSwap_bytes: resources.swapFreeBytes,
    mem_applications: resources.memoryUsedByAgentBytes,
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
