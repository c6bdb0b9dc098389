/** What a container uses: now, each second; and over hours and days. */
import { Suspense, useEffect, useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { openTicketSocket } from "../../api/ticket-socket.ts";
import { useRead } from "../../api/use-read.ts";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { bytesText } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import { Select } from "../../components/select.tsx";
import { lazyPart } from "../../lazy-part.ts";
import styles from "./container.module.css";
import { fieldsOf, type SeenContainer } from "./seen-container.ts";

const Plot = lazyPart(() => import("../../components/plot.tsx"));

type Sample = Reply<"GET /api/v1/containers/{id}/metrics">[number];

const spans = {
  live: { title: "Live" },
  hour: { title: "Last 6 hours", resolution: "raw", ms: 6 * 3_600_000 },
  days: { title: "Last 3 days", resolution: "1m", ms: 3 * 86_400_000 },
  months: { title: "Last 90 days", resolution: "1h", ms: 90 * 86_400_000 },
} as const;

type Span = keyof typeof spans;

const spanOptions = Object.entries(spans).map(([value, { title }]) => ({ value, title }));
const percentText = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} %`;
/** Of what is watched live, so much is kept. */
const keptSamples = 300;
const reconnectMs = 2_000;

export function Usage({ container, isUp }: { container: SeenContainer; isUp: boolean }) {
  const [span, setSpan] = useState<Span>(isUp ? "live" : "hour");
  return (
    <Panel
      title="Usage"
      actions={
        <Select
          isBare
          label="Time span"
          value={span}
          onChange={(event) => setSpan(event.target.value as Span)}
          options={spanOptions}
        />
      }
    >
      {span === "live" ? (
        <LiveUsage container={container} isUp={isUp} />
      ) : (
        <PastUsage container={container} span={span} />
      )}
    </Panel>
  );
}

function PastUsage({ container: { id, hostId }, span }: { container: SeenContainer; span: Exclude<Span, "live"> }) {
  const { resolution, ms } = spans[span];
  const past = useRead(
    `metrics ${hostId} ${id} ${span}`,
    (signal) => {
      const to = Math.floor(Date.now() / 1_000);
      const query = { host: hostId, resolution, from: to - ms / 1_000, to };
      return call("GET /api/v1/containers/{id}/metrics", { path: { id }, query }, { signal });
    },
    { everyMs: 30_000 },
  );
  if (!past.data)
    return past.error === undefined ? (
      <Loading what="the measurements" />
    ) : (
      <Failed what="The measurements cannot be shown" error={past.error} retry={past.reload} />
    );
  if (past.data.length < 2)
    return <Empty title="Nothing was measured yet">Containers that run are measured every half minute.</Empty>;
  return <Plots samples={past.data} />;
}

function LiveUsage({ container: { id, hostId }, isUp }: { container: SeenContainer; isUp: boolean }) {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (!isUp) return;
    const ending = new AbortController();
    let again: ReturnType<typeof setTimeout> | undefined;
    const connectLater = (): void => {
      if (!ending.signal.aborted) again = setTimeout(connect, reconnectMs);
    };
    function connect(): void {
      openTicketSocket(`/api/v1/ws/stats/${encodeURIComponent(id)}`, { host: hostId }, ending.signal).then((socket) => {
        socket.onclose = connectLater;
        socket.onmessage = ({ data }) =>
          setSamples((before) => [...before.slice(1 - keptSamples), sampleOf(JSON.parse(String(data)))]);
      }, connectLater); // that the yard or the container is away, the page says
    }
    connect();
    return () => {
      ending.abort();
      clearTimeout(again);
    };
  }, [id, hostId, isUp]);
  if (!isUp) return <Empty title="It does not run">What it used before can be chosen above.</Empty>;
  return samples.length === 0 ? <Loading what="the first measurement" /> : <Plots samples={samples} />;
}

function sampleOf(usage: unknown): Sample {
  const fields = fieldsOf(usage);
  const number = (name: string) => Number(fields[name] ?? 0);
  return {
    ts: Date.now() / 1_000,
    ...{ cpu_percent: number("cpu_percent"), mem_used: number("mem_used"), mem_limit: number("mem_limit") },
    ...{ net_rx: number("net_rx"), net_tx: number("net_tx") },
    ...{ blk_read: number("blk_read"), blk_write: number("blk_write") },
  };
}

function Plots({ samples }: { samples: readonly Sample[] }) {
  const times = samples.map(({ ts }) => ts * 1_000);
  const rate = (field: "net_rx" | "net_tx" | "blk_read" | "blk_write") =>
    samples.map((sample, index) => {
      const before = samples[index - 1];
      // A counter begins anew with the container.
      if (!before || sample[field] < before[field] || sample.ts <= before.ts) return null;
      return (sample[field] - before[field]) / (sample.ts - before.ts);
    });
  const plots = [
    { title: "CPU", format: percentText, series: [{ name: "CPU", values: samples.map((each) => each.cpu_percent) }] },
    { title: "Memory", format: bytesText, series: [{ name: "Memory", values: samples.map((each) => each.mem_used) }] },
    {
      title: "Network",
      format: perSecond,
      series: [
        { name: "Received", values: rate("net_rx") },
        { name: "Sent", values: rate("net_tx") },
      ],
    },
    {
      title: "Disk",
      format: perSecond,
      series: [
        { name: "Read", values: rate("blk_read") },
        { name: "Written", values: rate("blk_write") },
      ],
    },
  ];
  return (
    <div className={styles.plots}>
      {plots.map(({ title, format, series }) => (
        <section key={title} aria-label={title}>
          <h3>{title}</h3>
          <Suspense fallback={<Loading what="the plot" />}>
            <Plot title={title} times={times} series={series} format={format} />
          </Suspense>
        </section>
      ))}
    </div>
  );
}

const perSecond = (value: number) => `${bytesText(value)}/s`;
