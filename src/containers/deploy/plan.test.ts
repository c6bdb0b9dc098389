import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActualContainer } from "./actual-state.ts";
import { isSettled, type PlanOptions, planService } from "./plan.ts";
import { testService } from "./testing.ts";

const service = testService("web");

function container(name: string, said: Partial<ActualContainer> = {}): ActualContainer {
  return {
    networks: [],
    ...{
      id: `id of ${name}`,
      name,
      service: "web",
      number: 1,
      configHash: "same",
      image: "tiny:1",
      imageId: "sha256:1",
    },
    ...{
      state: "running",
      status: "Up",
      health: undefined,
      anonymousVolumes: new Map(),
      dependsOn: [],
      isOneOff: false,
    },
    ...said,
  };
}

function plan(existing: readonly ActualContainer[], said: Partial<PlanOptions> = {}) {
  return planService(service, { project: "shop", configHash: "same", replicas: 1, existing, ...said });
}

/** `keep a`, `create b`; with `-` what goes. */
function words({ containers, surplus }: ReturnType<typeof plan>): readonly string[] {
  return [...containers.map(({ kind, name }) => `${kind} ${name}`), ...surplus.map(({ name }) => `- ${name}`)];
}

for (const { what, existing, options = {}, planned, settled = false } of [
  { what: "where there is nothing, one is made", existing: [], planned: ["create shop-web-1"] },
  {
    what: "what is as it should be stays",
    existing: [container("shop-web-1")],
    planned: ["keep shop-web-1"],
    settled: true,
  },
  {
    what: "what was made of something else is replaced",
    existing: [container("shop-web-1", { configHash: "other" })],
    planned: ["replace shop-web-1"],
  },
  {
    what: "what was made of something else stays when it is only to be counted",
    existing: [container("shop-web-1", { configHash: "other" })],
    options: { keepsOutdated: true },
    planned: ["keep shop-web-1"],
    settled: true,
  },
  {
    what: "what is unhealthy is replaced",
    existing: [container("shop-web-1", { health: "unhealthy" })],
    planned: ["replace shop-web-1"],
  },
  {
    what: "what is stopped stays, and is still to be started",
    existing: [container("shop-web-1", { state: "exited" })],
    planned: ["keep shop-web-1"],
  },
  {
    what: "what is dead goes, and another one is made",
    existing: [container("shop-web-1", { state: "dead" })],
    planned: ["create shop-web-1", "- shop-web-1"],
  },
  {
    what: "of two with one number, the one with the name stays",
    existing: [container("0123456789ab_shop-web-1", { state: "created" }), container("shop-web-1")],
    planned: ["keep shop-web-1", "- 0123456789ab_shop-web-1"],
  },
  {
    what: "of two with one number, the one that was to take the other's place does so",
    existing: [
      container("shop-web-1", { configHash: "other", id: "0123456789abcdef" }),
      container("0123456789ab_shop-web-1", { state: "created" }),
    ],
    planned: ["replace shop-web-1"],
  },
  {
    what: "what was to take another one's place and is outdated, too, goes",
    existing: [
      container("shop-web-1", { configHash: "other", id: "0123456789abcdef" }),
      container("0123456789ab_shop-web-1", { state: "created", configHash: "older" }),
    ],
    planned: ["replace shop-web-1", "- 0123456789ab_shop-web-1"],
  },
  {
    what: "of two with one number and neither with the name, the one that runs stays",
    existing: [container("0123456789ab_shop-web-1_retired", { state: "exited" }), container("0123456789ab_shop-web-1")],
    planned: ["keep shop-web-1", "- 0123456789ab_shop-web-1_retired"],
  },
  {
    what: "gaps are filled, and numbers in use stay",
    existing: [container("shop-web-1"), container("shop-web-3", { number: 3 })],
    options: { replicas: 4 },
    planned: ["keep shop-web-1", "keep shop-web-3", "create shop-web-2", "create shop-web-4"],
  },
  {
    what: "the highest go first",
    existing: [2, 3, 1].map((number) => container(`shop-web-${number}`, { number })),
    planned: ["keep shop-web-1", "- shop-web-2", "- shop-web-3"],
  },
  {
    what: "with none wanted, all go",
    existing: [container("shop-web-1")],
    options: { replicas: 0 },
    planned: ["- shop-web-1"],
  },
  {
    what: "what was made for one command is nobody's replica",
    existing: [container("shop-web-run-1", { isOneOff: true })],
    planned: ["create shop-web-1"],
  },
] as const) {
  test(what, () => {
    const made = plan(existing, options);
    assert.deepEqual(words(made), planned);
    assert.equal(isSettled(made), settled);
  });
}
