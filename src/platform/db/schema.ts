/** The one schema of both databases. Times are integer milliseconds since 1970, flags are 0 or 1, JSON is text: so the same
 *  queries run on SQLite and on PostgreSQL. Integers wider than 32 bits are `bigint` columns on PostgreSQL and arrive as numbers.
 *  The tables are made by migrations/; a new table has a checklist in CONTRIBUTING.md. */
import type { AppTables } from "./schema/apps.ts";
import type { CapsuleTables } from "./schema/capsules.ts";
import type { ContainerMetricsTables } from "./schema/container-metrics.ts";
import type { ContainerUpdateTables } from "./schema/container-updates.ts";
import type { FileTables } from "./schema/files.ts";
import type { FleetSettingTables } from "./schema/fleet-settings.ts";
import type { HostTables } from "./schema/hosts.ts";
import type { IdentityTables } from "./schema/identity.ts";
import type { NotificationTables } from "./schema/notifications.ts";
import type { OpenIdTables } from "./schema/openid.ts";
import type { ScriptTables } from "./schema/scripts.ts";
import type { SnapshotTables } from "./schema/snapshots.ts";
import type { StackTables } from "./schema/stacks.ts";
import type { TaskTables } from "./schema/tasks.ts";
import type { YardTables } from "./schema/yard.ts";

export type * from "./schema/apps.ts";
export type * from "./schema/capsules.ts";
export type * from "./schema/container-metrics.ts";
export type * from "./schema/container-updates.ts";
export type * from "./schema/files.ts";
export type * from "./schema/fleet-settings.ts";
export type * from "./schema/hosts.ts";
export type * from "./schema/identity.ts";
export type * from "./schema/notifications.ts";
export type * from "./schema/openid.ts";
export type * from "./schema/scripts.ts";
export type * from "./schema/snapshots.ts";
export type * from "./schema/stacks.ts";
export type * from "./schema/tasks.ts";
export type * from "./schema/yard.ts";

export interface Schema
  extends IdentityTables,
    OpenIdTables,
    YardTables,
    AppTables,
    SnapshotTables,
    ScriptTables,
    TaskTables,
    FileTables,
    HostTables,
    CapsuleTables,
    NotificationTables,
    StackTables,
    ContainerUpdateTables,
    ContainerMetricsTables,
    FleetSettingTables {}
