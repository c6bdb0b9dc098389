/** What happens in the fleet, as it happens: in its engines, to the files of its stacks, and what the yard does itself. Nothing is told again. */
import type { Bus } from "../../platform/bus/bus.ts";
import type { Topics } from "../../platform/bus/topics.ts";
import type { Log } from "../../platform/log.ts";
import type { DockerHosts, Reach } from "../docker-hosts.ts";
import type { HostEvent, Inventories } from "../inventory/inventories.ts";
import type { Placements } from "../stacks/placements.ts";
import type { StackFileChange, StackFiles } from "../stacks/stack-files.ts";
import { isStackWithin } from "../stacks/stack-reach.ts";

export type FleetEvent =
  | { readonly source: "engine"; readonly event: HostEvent; readonly hostName: string; readonly isLocal: boolean }
  | { readonly source: "stackFiles"; readonly change: StackFileChange }
  | { readonly source: "yard"; readonly event: Topics["fleet.event"] };

export interface FleetFeed {
  /** Calls `listener` with all that happens from now on within reach. What belongs to no host is everybody's. */
  subscribe(reach: Reach, listener: (event: FleetEvent) => void): Disposable;
}

export interface FleetFeedParts {
  readonly hosts: Pick<DockerHosts, "list">;
  readonly engines: Pick<Inventories, "onEvent">;
  readonly stackFiles: Pick<StackFiles, "onChange">;
  readonly bus: Pick<Bus<Topics>, "subscribe">;
  readonly placements: Pick<Placements, "get">;
  readonly log: Pick<Log, "warn">;
}

export function createFleetFeed({ hosts, engines, stackFiles, bus, placements, log }: FleetFeedParts): FleetFeed {
  /** Whose placement cannot be read is nobody's to hear of. */
  async function isOfStackWithin(reach: Reach, { name }: StackFileChange): Promise<boolean> {
    try {
      return isStackWithin(await placements.get(name), reach, hosts);
    } catch (error) {
      log.warn({ err: error, stack: name }, "nobody who is held to some hosts hears of a change of a stack");
      return false;
    }
  }

  return {
    subscribe(reach, listener) {
      const findHost = (hostId: string) => hosts.list(reach).find(({ id }) => id === hostId);
      const opened = new DisposableStack();
      opened.use(
        engines.onEvent((event) => {
          const host = findHost(event.hostId);
          if (host) listener({ source: "engine", event, hostName: host.name, isLocal: host.isLocal });
        }),
      );
      const tellOfFiles = (change: StackFileChange) => {
        if (!opened.disposed) listener({ source: "stackFiles", change });
      };
      opened.use(
        // While its change waits for this, a stack that is being deleted still has its placement.
        stackFiles.onChange(async (change) => {
          if (reach.hostTags.length === 0 || (await isOfStackWithin(reach, change))) tellOfFiles(change);
        }),
      );
      opened.use(
        bus.subscribe("fleet.event", (event) => {
          if (event.hostId === undefined || findHost(event.hostId)) listener({ source: "yard", event });
        }),
      );
      return opened;
    },
  };
}
