import { YardError } from "../errors.ts";
import { ensureKeyFile } from "./key-files.ts";
import { newSecret } from "./secrets.ts";

const fileName = "master.key";

/** The 32 bytes from which the yard derives its symmetric keys (`deriveKey`), made on the first start. Without them what is sealed in
 *  the database stays sealed: back the file up apart from it.
 *  @throws {YardError} precondition, when the file is open to others or not a key */
export async function openMasterKey(directory: string): Promise<Buffer> {
  const key = Buffer.from(await ensureKeyFile(directory, fileName, newSecret), "base64url");
  if (key.length !== 32)
    throw new YardError("precondition", `${fileName} in ${directory} is damaged. Restore it from a backup.`);
  return key;
}
