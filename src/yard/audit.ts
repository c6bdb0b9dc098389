/** Opens what becomes of the audit log's entries once they are written: how long they are kept, and where they are sent. */
import { join } from "node:path";
import { auditEntryToWire } from "../apis/dockmesh/audit-words.ts";
import type { Config } from "../config.ts";
import { type AuditRetention, openAuditRetention } from "../identity/audit-retention.ts";
import { type AuditWebhooks, openAuditWebhook } from "../identity/audit-webhook.ts";
import type { Clock } from "../platform/clock.ts";
import type { SecretBox } from "../platform/crypto/secret-box.ts";
import type { Database } from "../platform/db/database.ts";
import type { Log } from "../platform/log.ts";

export interface AuditRoom extends AsyncDisposable {
  readonly retention: Omit<AuditRetention, typeof Symbol.asyncDispose>;
  readonly webhook: Omit<AuditWebhooks, typeof Symbol.asyncDispose>;
}

export interface AuditRoomSources {
  readonly config: Pick<Config, "notifications" | "data">;
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly log: Log;
}

export function openAuditRoom({ config, ...parts }: AuditRoomSources): AuditRoom {
  const opened = new AsyncDisposableStack();
  const { allowNetworks } = config.notifications;
  return {
    retention: opened.use(openAuditRetention({ ...parts, directory: join(config.data, "audit-archive") })),
    webhook: opened.use(openAuditWebhook({ ...parts, allowNetworks, bodyOf: auditEntryToWire })),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
