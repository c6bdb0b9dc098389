/** The program that is the tests' S3 server, and where `npm pretest` puts it. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Versity's S3 gateway, on files (Apache-2.0), as a Go module. */
export const s3ServerModule = "github.com/versity/versitygw/cmd/versitygw@v1.8.0";

/** Outside of the repository: it is built once for all checkouts. */
export const s3ServerDirectory = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "runyard",
  s3ServerModule.replace(/.*\//, ""),
);

export function findS3Server(): string | undefined {
  const program = join(s3ServerDirectory, "versitygw");
  return existsSync(program) ? program : undefined;
}
