/** What App Mesh's dashboards show of single apps: a series for each that there is at the moment of the scrape, and for no other. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Apps, ObservedApp } from "../../apps/apps.ts";
import type { ProcessUsage } from "../../sandboxes/sandbox.ts";

/** More than a dashboard can show; the first ones by name. */
const mostApps = 2_000;

export interface AppSeriesParts {
  readonly registry: Registry;
  readonly apps: Pick<Apps, "observed" | "usage">;
  /** On every series. */
  readonly labels: Readonly<Record<string, string>>;
}

interface Sample {
  readonly app: ObservedApp;
  readonly usage: ProcessUsage | undefined;
}

export function measureApps({ registry, apps, labels }: AppSeriesParts): void {
  const common = { labelNames: [...Object.keys(labels), "application", "id"], registers: [registry] };
  let scrape: Promise<readonly Sample[]> | undefined;

  /** All series of one scrape come from one look at the apps: the registry asks for them in the same turn. */
  function samples(): Promise<readonly Sample[]> {
    scrape ??= look().finally(() => {
      scrape = undefined;
    });
    return scrape;
  }

  async function look(): Promise<readonly Sample[]> {
    const all = apps
      .observed()
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, mostApps);
    const running = all.filter(({ pid }) => pid !== undefined).map(({ name }) => name);
    const usage = await apps.usage(running).catch(() => new Map<string, ProcessUsage>()); // the agent is away: the rest is known
    return all.map((app) => ({ app, usage: usage.get(app.name) }));
  }

  const labelsOf = ({ app }: Sample) => ({ ...labels, application: app.name, id: app.id });

  new Counter({
    ...common,
    name: "appmesh_prom_process_start_count",
    help: "Starts of the app since it was defined",
    async collect() {
      const now = await samples();
      this.reset();
      for (const sample of now) this.inc(labelsOf(sample), sample.app.starts);
    },
  });

  function gauge(name: string, help: string, amountOf: (sample: Sample) => number | undefined): void {
    new Gauge({
      ...common,
      name,
      help,
      async collect() {
        const now = await samples();
        this.reset();
        for (const sample of now) this.set(labelsOf(sample), amountOf(sample) ?? 0);
      },
    });
  }

  gauge("appmesh_prom_process_id_gauge", "Process id of the app, 0 while it does not run", ({ app }) => app.pid);
  gauge("appmesh_prom_process_memory_gauge", "Resident bytes of its processes", ({ usage }) => usage?.rssBytes);
  gauge("appmesh_prom_process_cpu_gauge", "CPU of its processes, 100 is one core", ({ usage }) => usage?.cpuPercent);
  gauge("appmesh_prom_process_file_descriptors", "Open files of its processes", ({ usage }) => usage?.openFiles);
}
