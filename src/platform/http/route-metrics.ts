/** How often each route was called, and how long it took. Counted in plain arrays and labelled only when somebody asks: a labelled
 *  counter of prom-client hashes its labels at every increment. */

export interface RouteLabels {
  readonly api: string;
  readonly method: string;
  /** The template, `/appmesh/app/:name`: paths would make a series each. */
  readonly route: string;
}

export interface RouteMetrics {
  readonly labels: RouteLabels;
  /** One answered request. */
  observe(statusCode: number, durationMs: number): void;
  /** Requests by the first digit of their status; index 0 is unused. */
  readonly byClass: readonly number[];
  /** Requests by the first bucket that they fit in; the last is for those that fit in none. */
  readonly byBucket: readonly number[];
  readonly totalMs: () => number;
}

/** Upper bounds in milliseconds. The last ones are for long polls and streams. */
const bucketBoundsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000] as const;

export function createRouteMetrics(labels: RouteLabels): RouteMetrics {
  const byClass = new Array<number>(6).fill(0);
  const byBucket = new Array<number>(bucketBoundsMs.length + 1).fill(0);
  let totalMs = 0;
  return {
    labels,
    byClass,
    byBucket,
    totalMs: () => totalMs,
    observe(statusCode, durationMs) {
      const statusClass = Math.floor(statusCode / 100);
      byClass[statusClass] = (byClass[statusClass] ?? 0) + 1;
      let bucket = 0;
      while (bucket < bucketBoundsMs.length && durationMs > bucketBoundsMs[bucket]!) bucket += 1;
      byBucket[bucket] = byBucket[bucket]! + 1;
      totalMs += durationMs;
    },
  };
}

/** Prometheus' text format 0.0.4. Routes that nobody has called yet are left out. */
export function formatRoutes(routes: readonly RouteMetrics[]): string {
  const called = routes.filter((route) => route.byBucket.some((count) => count > 0));
  const counts = "runyard_http_requests_total";
  const durations = "runyard_http_request_duration_seconds";
  const lines = [
    `# HELP ${counts} HTTP requests answered`,
    `# TYPE ${counts} counter`,
    ...called.flatMap((route) => countLines(counts, route)),
    "",
    `# HELP ${durations} Time until the last byte of the reply was handed over`,
    `# TYPE ${durations} histogram`,
    ...called.flatMap((route) => durationLines(durations, route)),
  ];
  return `${lines.join("\n")}\n`;
}

function countLines(name: string, { labels, byClass }: RouteMetrics): string[] {
  return byClass.flatMap((count, digit) =>
    count === 0 ? [] : [`${name}{${format(labels)},status="${digit}xx"} ${count}`],
  );
}

function durationLines(name: string, { labels, byBucket, totalMs }: RouteMetrics): string[] {
  let sum = 0;
  const buckets = byBucket.map((count, i) => {
    sum += count;
    const bound = bucketBoundsMs[i];
    return `${name}_bucket{${format(labels)},le="${bound === undefined ? "+Inf" : bound / 1_000}"} ${sum}`;
  });
  return [...buckets, `${name}_sum{${format(labels)}} ${totalMs() / 1_000}`, `${name}_count{${format(labels)}} ${sum}`];
}

function format(labels: RouteLabels): string {
  return Object.entries(labels)
    .map(
      ([name, value]) =>
        `${name}="${String(value).replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`))}"`,
    )
    .join(",");
}
