/** Which container is on which network of a host: networks as bars, containers hanging on those that they are on. */
import { useState } from "react";
import { Link } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Failed, Loading } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { placeOfContainer } from "../containers/container-state.tsx";
import { HostSelect } from "../fleet/host-select.tsx";
import styles from "./networks.module.css";

type Map = Reply<"GET /api/v1/networks/topology">;

export function Topology() {
  const [host, setHost] = useState("local");
  const topology = useRead(
    `topology ${host}`,
    (signal) => call("GET /api/v1/networks/topology", { query: { host } }, { signal }),
    { topics: ["containers"] },
  );
  return (
    <Panel title="Who meets whom" actions={<HostSelect label="Host" value={host} onChange={setHost} />}>
      {!topology.data && topology.error === undefined && <Loading what="the networks" />}
      {topology.error !== undefined && (
        <Failed what="This cannot be shown" error={topology.error} retry={topology.reload} />
      )}
      {topology.data && <Bars host={host} map={topology.data} />}
    </Panel>
  );
}

function Bars({ host, map }: { host: string; map: Map }) {
  const used = map.networks.filter(({ id }) => map.links.some((link) => link.network_id === id));
  if (used.length === 0) return <p className={styles.muted}>No container is on any network of this host.</p>;
  return (
    <ul className={styles.bars}>
      {used.map((network) => (
        <li key={network.id}>
          <h3 className={styles.bar}>
            {network.name}
            <span>
              {network.driver}
              {network.internal && ", reaches itself alone"}
            </span>
          </h3>
          <ul className={styles.members}>
            {map.links
              .filter(({ network_id: id }) => id === network.id)
              .map(({ container_id: id, ipv4, aliases = [] }) => {
                const container = map.containers.find((each) => each.id === id);
                return (
                  <li key={id} className={styles.member} data-up={container?.state === "running" || undefined}>
                    <Link href={placeOfContainer({ hostId: host, id })}>{container?.name ?? id.slice(0, 12)}</Link>
                    <span>{[ipv4, ...aliases].filter(Boolean).join(", ") || "no address"}</span>
                  </li>
                );
              })}
          </ul>
        </li>
      ))}
    </ul>
  );
}
