import type { Migration } from "../migrate.ts";
import { createTools } from "./tools.ts";

/** Agents that show certificates, and what they say of their machines. */
export const hostCertificates: Migration = {
  name: "0019-host-certificates",
  async up(db, dialect) {
    const { table, index, text, time } = createTools(db, dialect);
    // Not bound to the host's row: whoever shows one of a host that was removed is told so.
    await table("host_certificates", (certificates) =>
      certificates
        .addColumn("fingerprint", text, (column) => column.primaryKey())
        .addColumn("host_id", text, (column) => column.notNull())
        .addColumn("created_at", time, (column) => column.notNull())
        .addColumn("expires_at", time, (column) => column.notNull())
        .addColumn("revoked_at", time),
    );
    await index("host_certificates", "host_id");
    await db.schema
      .alterTable("host_registrations")
      .addColumn("purpose", text, (column) => column.notNull().defaultTo("token"))
      .execute();
    for (const name of ["agent_version", "docker_version", "hostname", "os"])
      await db.schema.alterTable("hosts").addColumn(name, text).execute();
  },
};
