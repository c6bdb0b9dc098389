import type { Migration } from "../migrate.ts";
import { createTools, type Tools } from "./tools.ts";

/** Identity, audit, events, settings and apps. */
export const foundation: Migration = {
  name: "0001-foundation",
  async up(db, dialect) {
    const tools = createTools(db, dialect);
    await createUsers(tools);
    await createTeams(tools);
    await createRoles(tools);
    await createSessions(tools);
    await createApiKeys(tools);
    await createLogins(tools);
    await createAudit(tools);
    await createEvents(tools);
    await createSettings(tools);
    await createApps(tools);
  },
};

async function createUsers({ table, unique, text, time, flag, count }: Tools): Promise<void> {
  await table("users", (users) =>
    users
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("username", text, (column) => column.notNull())
      .addColumn("username_key", text, (column) => column.notNull())
      .addColumn("email", text)
      .addColumn("email_key", text)
      .addColumn("display_name", text, (column) => column.notNull())
      .addColumn("state", text, (column) => column.notNull())
      .addColumn("password_hash", text)
      .addColumn("digest_hash", text)
      .addColumn("totp_secret", text)
      .addColumn("totp_enabled", flag, (column) => column.notNull())
      .addColumn("totp_last_step", count, (column) => column.notNull())
      .addColumn("exec_user", text, (column) => column.notNull())
      .addColumn("token_epoch", count, (column) => column.notNull())
      .addColumn("metadata", text)
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull()),
  );
  await unique("users", "username_key");
  await unique("users", "email_key");
}

async function createTeams({ table, unique, index, text, time, count }: Tools): Promise<void> {
  await table("teams", (teams) =>
    teams
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("personal_of", text, (column) => column.references("users.id").onDelete("cascade"))
      .addColumn("storage_quota_bytes", count)
      .addColumn("created_at", time, (column) => column.notNull()),
  );
  await unique("teams", "name");
  await unique("teams", "personal_of");
  await table("team_members", (members) =>
    members
      .addColumn("team_id", text, (column) => column.notNull().references("teams.id").onDelete("cascade"))
      .addColumn("user_id", text, (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("role", text, (column) => column.notNull())
      .addPrimaryKeyConstraint("team_members_primary", ["team_id", "user_id"] as never),
  );
  await index("team_members", "user_id");
}

async function createRoles({ table, index, text, time }: Tools): Promise<void> {
  await table("roles", (roles) =>
    roles
      .addColumn("name", text, (column) => column.primaryKey())
      .addColumn("permissions", text, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull()),
  );
  await table("user_roles", (userRoles) =>
    userRoles
      .addColumn("user_id", text, (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("role_name", text, (column) => column.notNull())
      .addPrimaryKeyConstraint("user_roles_primary", ["user_id", "role_name"] as never),
  );
  await index("user_roles", "role_name");
}

async function createSessions({ table, index, text, time }: Tools): Promise<void> {
  await table("sessions", (sessions) =>
    sessions
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("user_id", text, (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("audience", text, (column) => column.notNull())
      .addColumn("api", text, (column) => column.notNull())
      .addColumn("remote_address", text)
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("expires_at", time, (column) => column.notNull())
      .addColumn("revoked_at", time),
  );
  await index("sessions", "user_id");
  await index("sessions", "expires_at");
  await table("refresh_tokens", (tokens) =>
    tokens
      .addColumn("hash", text, (column) => column.primaryKey())
      .addColumn("session_id", text, (column) => column.notNull().references("sessions.id").onDelete("cascade"))
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("expires_at", time, (column) => column.notNull())
      .addColumn("used_at", time)
      .addColumn("replaced_by", text),
  );
  await index("refresh_tokens", "session_id");
  await index("refresh_tokens", "expires_at");
}

async function createApiKeys({ table, unique, index, text, time }: Tools): Promise<void> {
  await table("api_keys", (keys) =>
    keys
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("user_id", text, (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("team_id", text, (column) => column.references("teams.id").onDelete("cascade"))
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("hash", text, (column) => column.notNull())
      .addColumn("prefix", text, (column) => column.notNull())
      .addColumn("permissions", text)
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("expires_at", time)
      .addColumn("last_used_at", time)
      .addColumn("revoked_at", time),
  );
  await unique("api_keys", "hash");
  await index("api_keys", "user_id");
  await index("api_keys", "team_id");
}

async function createLogins({ table, unique, index, text, time, count }: Tools): Promise<void> {
  await table("login_challenges", (challenges) =>
    challenges
      .addColumn("hash", text, (column) => column.primaryKey())
      .addColumn("user_id", text, (column) => column.notNull().references("users.id").onDelete("cascade"))
      .addColumn("request", text, (column) => column.notNull())
      .addColumn("expires_at", time, (column) => column.notNull()),
  );
  await unique("login_challenges", "user_id"); // one at a time: a new login replaces it
  await index("login_challenges", "expires_at");
  await table("login_failures", (failures) =>
    failures
      .addColumn("subject", text, (column) => column.primaryKey())
      .addColumn("failures", count, (column) => column.notNull())
      .addColumn("first_failed_at", time, (column) => column.notNull())
      .addColumn("locked_until", time),
  );
  await index("login_failures", "first_failed_at");
}

/** No foreign keys: the log outlives whom it speaks of. `seq` is given by its writer, who chains the entries. */
async function createAudit({ table, text, time, count }: Tools): Promise<void> {
  await table("audit_entries", (entries) =>
    entries
      .addColumn("seq", count, (column) => column.primaryKey())
      .addColumn("at", time, (column) => column.notNull())
      .addColumn("actor_id", text)
      .addColumn("actor_name", text, (column) => column.notNull())
      .addColumn("api", text, (column) => column.notNull())
      .addColumn("action", text, (column) => column.notNull())
      .addColumn("target", text, (column) => column.notNull())
      .addColumn("outcome", text, (column) => column.notNull())
      .addColumn("remote_address", text)
      .addColumn("request_id", text)
      .addColumn("details", text, (column) => column.notNull())
      .addColumn("hash", text, (column) => column.notNull()),
  );
}

async function createEvents({ table, index, text, time, sequence }: Tools): Promise<void> {
  await table("events", (events) =>
    events
      .addColumn("seq", sequence)
      .addColumn("at", time, (column) => column.notNull())
      .addColumn("topic", text, (column) => column.notNull())
      .addColumn("subject", text, (column) => column.notNull())
      .addColumn("data", text, (column) => column.notNull()),
  );
  await index("events", "topic", "seq");
}

async function createSettings({ table, text, time }: Tools): Promise<void> {
  await table("settings", (settings) =>
    settings
      .addColumn("key", text, (column) => column.primaryKey())
      .addColumn("value", text, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull()),
  );
}

async function createApps({ table, unique, index, text, time, flag, count }: Tools): Promise<void> {
  await table("apps", (apps) =>
    apps
      .addColumn("id", text, (column) => column.primaryKey())
      .addColumn("name", text, (column) => column.notNull())
      .addColumn("owner_id", text, (column) => column.references("users.id").onDelete("set null"))
      .addColumn("definition", text, (column) => column.notNull())
      .addColumn("enabled", flag, (column) => column.notNull())
      .addColumn("revision", count, (column) => column.notNull())
      .addColumn("created_at", time, (column) => column.notNull())
      .addColumn("updated_at", time, (column) => column.notNull()),
  );
  await unique("apps", "name");
  await index("apps", "owner_id");
}
