/** How loaded the hosts were in the last hour, all together. */
import { useMemo } from "react";
import { bytesText } from "../../components/moments.tsx";
import { Panel } from "../../components/page.tsx";
import Plot from "../../components/plot.tsx";
import styles from "./overview.module.css";
import type { Overview } from "./overview.ts";

const percentText = (value: number): string => `${value.toFixed(0)} %`;

export default function Load({ load: { points } }: { load: NonNullable<Overview["load"]> }) {
  const { times, cpu, memory } = useMemo(
    () => ({
      times: points.map(({ at }) => at),
      cpu: [{ name: "CPU", values: points.map(({ cpuPercent }) => cpuPercent) }],
      memory: [{ name: "Memory", values: points.map(({ memoryBytes }) => memoryBytes) }],
    }),
    [points],
  );
  return (
    <div className={styles.plots}>
      <Panel title="CPU, last hour">
        <Plot title="CPU of all hosts" times={times} series={cpu} format={percentText} />
      </Panel>
      <Panel title="Memory, last hour">
        <Plot title="Memory of all hosts" times={times} series={memory} format={bytesText} />
      </Panel>
    </div>
  );
}
