/** Operations of Dockmesh's that this server does not carry out, by what they would be about: [method, path below the API's, who would be allowed]. */
import type { Gate } from "./gates.ts";

export interface LaterArea {
  /** Begins a sentence. */
  readonly what: string;
  readonly operations: readonly (readonly [method: "GET" | "POST" | "PUT" | "DELETE", path: string, gate: Gate])[];
}

export const laterAreas: readonly LaterArea[] = [
  {
    what: "Scaling stacks by rules",
    operations: [
      ["GET", "/stacks/:name/scaling-rules", "stack.deploy"],
      ["PUT", "/stacks/:name/scaling-rules", "stack.deploy"],
      ["DELETE", "/stacks/:name/scaling-rules", "stack.deploy"],
    ],
  },
  {
    what: "Moving stacks to another host",
    operations: [
      ["POST", "/stacks/:name/migrate", "stack.deploy"],
      ["POST", "/stacks/:name/migrate/preflight", "stack.deploy"],
      ["GET", "/stacks/:name/migrate/:id", "stack.deploy"],
      ["POST", "/stacks/:name/migrate/:id/rollback", "stack.deploy"],
      ["DELETE", "/stacks/:name/migrate/:id/source", "stack.deploy"],
      ["POST", "/hosts/:id/drain/plan", "user.manage"],
      ["POST", "/hosts/:id/drain/execute", "user.manage"],
      ["GET", "/hosts/:id/drain/:drain_id", "user.manage"],
      ["POST", "/hosts/:id/drain/:drain_id/pause", "user.manage"],
      ["POST", "/hosts/:id/drain/:drain_id/resume", "user.manage"],
      ["POST", "/hosts/:id/drain/:drain_id/abort", "user.manage"],
    ],
  },
  {
    what: "Stacks out of Git repositories",
    operations: [
      ["GET", "/stacks/:name/git", "stack.adopt"],
      ["POST", "/stacks/:name/git", "stack.adopt"],
      ["DELETE", "/stacks/:name/git", "stack.adopt"],
      ["POST", "/stacks/:name/git/sync", "stack.adopt"],
      ["POST", "/stacks/:name/git/webhook", "open"],
    ],
  },
  {
    what: "Scanning images",
    operations: [
      ["GET", "/images/:id/scan", "read"],
      ["POST", "/images/:id/scan", "image.scan"],
    ],
  },
  {
    what: "Backups",
    operations: [
      ["POST", "/backups/jobs", "user.manage"],
      ["GET", "/backups/jobs/:id", "user.manage"],
      ["PUT", "/backups/jobs/:id", "user.manage"],
      ["DELETE", "/backups/jobs/:id", "user.manage"],
      ["POST", "/backups/jobs/:id/review/:mode", "user.manage"],
      ["POST", "/backups/jobs/:id/run", "user.manage"],
      ["POST", "/backups/runs/:id/restore-stack", "user.manage"],
      ["POST", "/backups/runs/:id/restore", "user.manage"],
      ["POST", "/backups/runs/:id/verify", "user.manage"],
      ["POST", "/restore/verify", "user.manage"],
      ["POST", "/backups/targets", "user.manage"],
      ["PUT", "/backups/targets/:id", "user.manage"],
      ["DELETE", "/backups/targets/:id", "user.manage"],
      ["POST", "/backups/targets/:id/test", "user.manage"],
      ["POST", "/backups/targets/test-config", "user.manage"],
      ["POST", "/backups/targets/discover-shares", "user.manage"],
      ["PUT", "/backups/system/enabled", "user.manage"],
      ["GET", "/system/backup-key/export", "user.manage"],
    ],
  },
  {
    what: "Updating the server and its agents",
    operations: [
      ["POST", "/system/update-check", "user.manage"],
      ["POST", "/agents/:id/upgrade", "user.manage"],
      ["GET", "/agents/upgrade-policy", "user.manage"],
      ["PUT", "/agents/upgrade-policy", "user.manage"],
      ["POST", "/agents/upgrade-policy/run", "user.manage"],
    ],
  },
  {
    what: "Changing the keys that secrets are sealed with",
    operations: [["POST", "/system/secrets/rotate", "user.manage"]],
  },
  {
    what: "A reverse proxy for containers",
    operations: [
      ["POST", "/proxy/enable", "user.manage"],
      ["POST", "/proxy/disable", "user.manage"],
      ["POST", "/proxy/routes", "user.manage"],
      ["PUT", "/proxy/routes/:id", "user.manage"],
      ["DELETE", "/proxy/routes/:id", "user.manage"],
    ],
  },
];
