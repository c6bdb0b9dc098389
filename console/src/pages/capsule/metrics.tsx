/** What a capsule takes and has taken: CPU, memory, disk. */
import { useMemo, useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useSelf } from "../../api/use-self.ts";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { bytesText } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import Plot from "../../components/plot.tsx";
import { Select } from "../../components/select.tsx";
import { type Capsule, inTeam } from "../capsules/capsule.ts";
import styles from "./capsule.module.css";

const ranges = [
  { value: "5m", title: "Last 5 minutes", everyMs: 5_000 },
  { value: "1h", title: "Last hour", everyMs: 30_000 },
  { value: "6h", title: "Last 6 hours", everyMs: 120_000 },
  { value: "24h", title: "Last day", everyMs: 120_000 },
] as const;
type Range = (typeof ranges)[number]["value"];

/** More points than pixels would draw the same. */
const mostPoints = 600;
const percentText = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} %`;

export default function CapsuleMetrics({ capsule }: { capsule: Capsule }) {
  const self = useSelf();
  const [range, setRange] = useState<Range>("5m");
  const { id, status } = capsule;
  const everyMs = ranges.find(({ value }) => value === range)?.everyMs;
  const metrics = useRead(
    `metrics ${id} ${range} ${status}`,
    (signal) =>
      call("GET /v1/capsules/{id}/metrics", { path: { id }, query: { range } }, inTeam(capsule, self, { signal })),
    { everyMs: status === "running" ? everyMs : undefined },
  );
  const points = metrics.data?.points;
  const columns = useMemo(() => {
    const step = Math.ceil((points?.length ?? 0) / mostPoints);
    const kept = (points ?? []).filter((_point, index) => index % Math.max(1, step) === 0);
    return {
      times: kept.map(({ timestamp_unix }) => timestamp_unix * 1_000),
      cpu: [{ name: "CPU", values: kept.map(({ cpu_pct }) => cpu_pct) }],
      memory: [{ name: "Memory", values: kept.map(({ mem_bytes }) => mem_bytes) }],
      disk: [{ name: "Disk", values: kept.map(({ disk_bytes }) => disk_bytes) }],
    };
  }, [points]);

  const choice = (
    <Select
      label="Time"
      isBare
      className={styles.range}
      value={range}
      onChange={(event) => setRange(event.target.value as Range)}
      options={ranges}
    />
  );
  return (
    <Panel title="What it takes" actions={choice}>
      {!points && metrics.error === undefined && <Loading what="what it takes" />}
      {!points && metrics.error !== undefined && (
        <Failed what="What it takes cannot be shown" error={metrics.error} retry={metrics.reload} />
      )}
      {points?.length === 0 && <Empty title="Nothing was measured yet">The first points come within seconds.</Empty>}
      {points !== undefined && points.length > 0 && (
        <div className={styles.plots}>
          <figure>
            <figcaption>CPU</figcaption>
            <Plot title="CPU" times={columns.times} series={columns.cpu} format={percentText} />
          </figure>
          <figure>
            <figcaption>Memory</figcaption>
            <Plot title="Memory" times={columns.times} series={columns.memory} format={bytesText} />
          </figure>
          <figure>
            <figcaption>Written to disk</figcaption>
            <Plot title="Disk" times={columns.times} series={columns.disk} format={bytesText} />
          </figure>
        </div>
      )}
    </Panel>
  );
}
