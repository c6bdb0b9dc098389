import assert from "node:assert/strict";
import { test } from "node:test";
import { createMetrics } from "./metrics.ts";

test("counts requests by route and status class, with cumulative duration buckets", async () => {
  const metrics = createMetrics();
  const route = metrics.route({ api: "yard", method: "GET", route: "/apps/:name" });
  route.observe(200, 0.4);
  route.observe(204, 30);
  route.observe(503, 90_000);
  assert.equal(metrics.route({ api: "yard", method: "GET", route: "/apps/:name" }), route);
  const { text, contentType } = await metrics.text();
  const labels = 'api="yard",method="GET",route="/apps/:name"';
  const lines = text.split("\n");
  for (const line of [
    `runyard_http_requests_total{${labels},status="2xx"} 2`,
    `runyard_http_requests_total{${labels},status="5xx"} 1`,
    `runyard_http_request_duration_seconds_bucket{${labels},le="0.001"} 1`,
    `runyard_http_request_duration_seconds_bucket{${labels},le="0.05"} 2`,
    `runyard_http_request_duration_seconds_bucket{${labels},le="60"} 2`,
    `runyard_http_request_duration_seconds_bucket{${labels},le="+Inf"} 3`,
    `runyard_http_request_duration_seconds_count{${labels}} 3`,
    `runyard_http_request_duration_seconds_sum{${labels}} 90.0304`,
  ]) {
    assert.ok(lines.includes(line), `${line} is missing`);
  }
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
});

test("leaves out routes that were never called", async () => {
  const metrics = createMetrics();
  metrics.route({ api: "yard", method: "GET", route: "/unused" });
  assert.doesNotMatch((await metrics.text()).text, /unused/);
});
