/** A yard in which nothing is, for tests of the operations that look at it. */
import type { Permission } from "../../identity/permissions.ts";
import type { Principal } from "../../identity/principal.ts";
import type { Access, RowKind, TeamSeen, Viewer } from "./access.ts";
import type { ConsoleParts } from "./console-parts.ts";

const needs: Readonly<Record<RowKind, readonly Permission[]>> = {
  apps: ["apps.list"],
  tasks: ["tasks.view"],
  capsules: ["capsules.view"],
  executions: ["scripts.view"],
  containers: ["containers.view", "hosts.view"],
  stacks: ["containers.view", "hosts.view"],
  hosts: ["hosts.view"],
  events: ["audit.view"],
  alerts: ["fleet.manage"],
  users: ["users.list"],
};

export function emptyConsole(overrides: Partial<ConsoleParts> = {}): ConsoleParts {
  const noPage = async () => ({ rows: [], next: undefined });
  const nothing = { [Symbol.dispose]() {} };
  return {
    access: testAccess(),
    apps: { listAccessible: async () => [], owned: async () => new Map() },
    tasks: {
      page: noPage,
      counts: async () => ({ pending: 0, queued: 0, running: 0 }),
      failedSince: async () => ({ tasks: [], count: 0 }),
      teamsOf: async () => new Map(),
      withUuid: async () => [],
    },
    taskOutputs: { watch: async () => undefined },
    capsules: { page: noPage, counts: async () => ({}), troubled: async () => [] },
    executions: { page: noPage, running: async () => 0, withId: async () => [], heapsWithId: async () => [] },
    dockerHosts: { fanOut: async () => ({ answers: [], unreachable: [] }), list: () => [] },
    inventories: { containers: async () => [], onEvent: () => nothing },
    stackFiles: { list: async () => [], onChange: () => nothing },
    placements: { get: async () => undefined, list: async () => [] },
    hosts: { records: () => [], isConnected: () => false, onChange: () => nothing, ownId: "host_own" },
    loads: { stepMs: 30_000, latest: () => undefined, points: () => [], [Symbol.asyncDispose]: async () => {} },
    alerts: { list: async () => [] },
    events: { page: noPage },
    auditLog: { page: noPage },
    users: { list: async () => [] },
    words: {
      idToWire: (kind, id) => `${kind} ${id}`,
      idFromWire: (_kind, text) => text,
      engineHost: ({ id, name, isLocal }) => ({ hostId: isLocal ? "local" : id, hostName: name }),
    },
    doctor: { report: async () => ({ at: 1, findings: [] }), known: undefined },
    tickets: {
      issue: async () => ({ ticket: "ryt_1", expiresAt: 1 }),
      redeem: () => Promise.reject(new Error("no ticket was issued")),
      again: async (principal) => principal,
    },
    bus: { subscribe: () => nothing, onResync: () => nothing },
    rereadMs: undefined,
    clock: { now: () => 1_000_000, monotonic: () => 0 },
    log: { warn: () => {} },
    ...overrides,
  };
}

/** @param teams of everybody */
export function testAccess(teams: readonly TeamSeen[] = []): Access {
  return { needs, viewer: async (principal) => viewerOf(principal, teams) };
}

export function viewerOf(principal: Principal, teams: readonly TeamSeen[] = []): Viewer {
  return {
    principal,
    teams: new Map(teams.map((team) => [team.id, team])),
    ownTeamId: `team_${principal.username}`,
    reach: { hostTags: principal.hostTags ?? [] },
  };
}

export function testPrincipal(overrides: Partial<Principal> = {}): Principal {
  return {
    userId: "usr_1",
    username: "ada",
    teams: new Map([["ada", "owner"]]),
    roles: ["view"],
    permissions: new Set(),
    isAdmin: false,
    credential: { kind: "token", sessionId: "ses_1", audience: "yard", expiresAt: 1_800_000_000_000, issuedAt: 1 },
    ...overrides,
  };
}
