/** Says of which hosts nothing is in a list, so that nobody takes it for the whole. */

import styles from "./fleet.module.css";
import type { AwayHost } from "./fleet-rows.ts";

export function AwayHosts({ what, hosts }: { what: string; hosts: readonly AwayHost[] }) {
  if (hosts.length === 0) return null;
  return (
    <ul className={styles.away} aria-label={`Hosts whose ${what} are not shown`}>
      {hosts.map(({ name, reason }) => (
        <li key={name}>
          The {what} of <strong>{name}</strong> are not shown: {reason}
        </li>
      ))}
    </ul>
  );
}
