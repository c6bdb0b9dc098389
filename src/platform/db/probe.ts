/** Asks a PostgreSQL server which one it is, and nothing else. */
import pg from "pg";

const timeoutMs = 3_000;

/** @throws what the connection fails with; nothing of the URL's password is in it */
export async function probePostgres(url: string): Promise<{ readonly version: string; readonly major: number }> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs });
  client.on("error", () => {}); // it is told by whatever waits
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    const version = rows[0]?.server_version ?? "";
    return { version, major: Number.parseInt(version, 10) };
  } finally {
    await client.end().catch(() => {}); // it may never have been there
  }
}
