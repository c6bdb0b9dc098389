/** What mcp-v8's API is built on; yard.ts hands it in. */
import type { Audit, Authenticator, Teams } from "../../identity/identity.ts";
import type { Scripts } from "../../scripts/scripts.ts";
import type { Snapshots } from "../../snapshots/snapshots.ts";
import type { Programs } from "./programs.ts";

export interface McpV8Parts {
  readonly version: string;
  readonly authenticator: Authenticator;
  readonly teams: Pick<Teams, "get">;
  readonly audit: Audit;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
  readonly scripts: Scripts;
  readonly snapshots: Snapshots;
  readonly programs: Programs;
  /** Whether programs on this machine need no token. */
  readonly open: boolean;
}
