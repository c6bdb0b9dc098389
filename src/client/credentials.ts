/** What `runyard login` keeps: one session per yard, in `credentials.json` of the user's configuration directory. */
import { join } from "node:path";
import { YardError } from "../platform/errors.ts";
import { asObject, numberField, optionalTextField, parseObject, textField } from "./json.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";

export interface Credential {
  readonly username: string;
  readonly token: string;
  /** Wall time in milliseconds. */
  readonly expiresAt: number;
  /** Certificate authorities to trust for this yard (PEM), in place of the system's. */
  readonly certificate?: string;
}

interface CredentialFile {
  /** URL of the yard that was logged in to last: the one meant when none is named. */
  readonly current?: string;
  readonly yards: Readonly<Record<string, Credential>>;
}

export interface CredentialStore {
  /** Of the yard at `url`, or of the current one. */
  find(url?: string): Promise<{ url: string; credential: Credential } | undefined>;
  /** Also makes it the current one. */
  save(url: string, credential: Credential): Promise<void>;
  forget(url: string): Promise<void>;
}

export function openCredentialStore(env: NodeJS.ProcessEnv): CredentialStore {
  const path = join(env.XDG_CONFIG_HOME || join(env.HOME ?? "/", ".config"), "runyard", "credentials.json");

  async function read(): Promise<CredentialFile> {
    const text = await readPrivateFile(path);
    if (text === undefined) return { yards: {} };
    try {
      return parseFile(text);
    } catch (error) {
      throw new YardError("invalid", `${path} is damaged. Remove it and log in again with \`runyard login\`.`, {
        cause: error,
      });
    }
  }

  const write = (file: CredentialFile): Promise<void> =>
    writePrivateFile(path, `${JSON.stringify(file, undefined, 2)}\n`);

  return {
    async find(url) {
      const file = await read();
      const wanted = url ?? file.current;
      const credential = wanted === undefined ? undefined : file.yards[wanted];
      return wanted !== undefined && credential ? { url: wanted, credential } : undefined;
    },

    async save(url, credential) {
      const file = await read();
      await write({ current: url, yards: { ...file.yards, [url]: credential } });
    },

    async forget(url) {
      const file = await read();
      const { [url]: _forgotten, ...yards } = file.yards;
      await write(file.current === url ? { yards } : { ...file, yards });
    },
  };
}

function parseFile(text: string): CredentialFile {
  const file = parseObject(text);
  const yards: Record<string, Credential> = {};
  for (const [url, value] of Object.entries(asObject(file.yards, '"yards"'))) {
    const credential = asObject(value, url);
    yards[url] = {
      username: textField(credential, "username"),
      token: textField(credential, "token"),
      expiresAt: numberField(credential, "expiresAt"),
      certificate: optionalTextField(credential, "certificate"),
    };
  }
  return { current: optionalTextField(file, "current"), yards };
}
