import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** OpenID providers by which users sign in, which role each has given to whom, and which e-mail addresses somebody vouches for. */
export const openidProviders: Migration = {
  name: "0021-openid-providers",
  async up(db, dialect) {
    const { table, unique, index, text, time, flag, sequence } = createTools(db, dialect);
    await table("openid_providers", (providers) =>
      providers
        .addColumn("id", sequence)
        .addColumn("slug", text, (column) => column.notNull())
        .addColumn("display_name", text, (column) => column.notNull())
        .addColumn("issuer", text, (column) => column.notNull())
        .addColumn("client_id", text, (column) => column.notNull())
        .addColumn("sealed_secret", text)
        .addColumn("scopes", text, (column) => column.notNull())
        .addColumn("group_claim", text, (column) => column.notNull())
        .addColumn("admin_group", text, (column) => column.notNull())
        .addColumn("operator_group", text, (column) => column.notNull())
        .addColumn("default_role", text, (column) => column.notNull())
        .addColumn("host_tags", text)
        .addColumn("is_enabled", flag, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("updated_at", time, (column) => column.notNull()),
    );
    await unique("openid_providers", "slug");
    await table("openid_used_states", (states) =>
      states
        .addColumn("hash", text, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull()),
    );
    await unique("openid_used_states", "hash");
    await index("openid_used_states", "expires_at");
    await db.schema.alterTable("user_links").addColumn("granted_role", text).execute();
    await db.schema.alterTable("users").addColumn("vouched_email_key", text).execute();
  },
};
