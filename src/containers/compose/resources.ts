/** The networks and volumes of a Compose file. */
import type { NetworkSpec, VolumeSpec } from "./project.ts";
import { present, type Reader } from "./reader.ts";
import { isNothing, type SourceNode } from "./source-tree.ts";

const engineName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const subnetPattern = /^[\da-fA-F.:]+\/\d{1,3}$/;
const addressPattern = /^[\da-fA-F.:]+$/;

export function readNetwork(key: string, node: SourceNode | undefined, stack: string, read: Reader): NetworkSpec {
  const found = read.fields(node, {
    reads: ["name", "external", "driver", "driver_opts", "internal", "attachable", "enable_ipv6", "ipam", "labels"],
    refuses: ["enable_ipv4"],
  });
  return {
    ...readIdentity(key, found, stack, read),
    ...present({ driver: read.text(found.driver) }),
    driverOptions: read.labels(found.driver_opts),
    internal: read.flag(found.internal) ?? false,
    attachable: read.flag(found.attachable) ?? false,
    ipv6: read.flag(found.enable_ipv6) ?? false,
    subnets: readSubnets(found.ipam, read),
    labels: read.labels(found.labels),
  };
}

export function readVolume(key: string, node: SourceNode | undefined, stack: string, read: Reader): VolumeSpec {
  const found = read.fields(node, { reads: ["name", "external", "driver", "driver_opts", "labels"] });
  return {
    ...readIdentity(key, found, stack, read),
    ...present({ driver: read.text(found.driver) }),
    driverOptions: read.labels(found.driver_opts),
    labels: read.labels(found.labels),
  };
}

/** What others have made keeps its own name; ours begins with the stack's. */
function readIdentity(key: string, found: { name?: SourceNode; external?: SourceNode }, stack: string, read: Reader) {
  const isMapping = found.external?.kind === "map"; // as older files say it: external: { name: … }
  const older = isMapping ? read.fields(found.external, { reads: ["name"] }).name : undefined;
  const external = isMapping || (read.flag(found.external) ?? false);
  const given = read.matching(found.name ?? older, engineName, "a name of letters, digits, _, . and -");
  return { name: given ?? (external ? key : `${stack}_${key}`), external };
}

function readSubnets(node: SourceNode | undefined, read: Reader): NetworkSpec["subnets"] {
  if (isNothing(node)) return [];
  const { driver, config } = read.fields(node, { reads: ["driver", "config"], refuses: ["options"] });
  read.choice(driver, ["default"]);
  return read.items(config).map((item) => {
    const found = read.fields(item, { reads: ["subnet", "gateway", "ip_range"], refuses: ["aux_addresses"] });
    return present({
      subnet: read.matching(found.subnet, subnetPattern, "a network, such as 10.5.0.0/16"),
      gateway: read.matching(found.gateway, addressPattern, "an address"),
      range: read.matching(found.ip_range, subnetPattern, "a network, such as 10.5.1.0/24"),
    });
  });
}
