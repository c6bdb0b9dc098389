/** How a host is, when it was last heard of, and how busy it is. */
import type { Reply } from "../../api/operations.ts";
import { classNames } from "../../components/class-names.ts";
import { Ago } from "../../components/moments.tsx";
import { Status } from "../../components/status.tsx";
import styles from "./hosts.module.css";

export type Host = Reply<"GET /yard/v1/hosts">["items"][number];

const shown = {
  online: <Status tone="good">online</Status>,
  unreachable: <Status tone="bad">unreachable</Status>,
  pending: <Status tone="info">pending</Status>,
} as const;

export function HostStatus({ host: { status } }: { host: Host }) {
  return shown[status];
}

export function LastSeen({ host: { connected, lastSeenAt } }: { host: Host }) {
  if (connected) return "now";
  return lastSeenAt === null ? "never" : <Ago at={lastSeenAt} />;
}

/** In percent; undefined where nobody knows. */
export function shareOf(part: number | null | undefined, whole: number | null | undefined): number | undefined {
  return part === undefined || part === null || !whole ? undefined : (part / whole) * 100;
}

const highPercent = 90;

/** A share as a bar with its number. */
export function Meter({ label, percent }: { label: string; percent: number | undefined }) {
  if (percent === undefined) return "–";
  const text = `${Math.round(percent)} %`;
  return (
    <span className={classNames(styles.meter, percent >= highPercent && styles.high)}>
      <meter aria-label={label} min={0} max={100} value={percent}>
        {text}
      </meter>
      {text}
    </span>
  );
}
