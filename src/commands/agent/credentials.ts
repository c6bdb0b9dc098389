/** What an agent that has joined a yard remembers of it: `host.json` in its directory, for its owner's eyes only. */
import { join } from "node:path";
import type { HostCredentials, YardOfHost } from "../../client/host-enrolment.ts";
import { asObject, optionalTextField, parseObject, textField } from "../../client/json.ts";
import { readPrivateFile, writePrivateFile } from "../../client/private-file.ts";
import { YardError } from "../../platform/errors.ts";

export interface Joined {
  readonly yard: YardOfHost;
  readonly credentials: HostCredentials;
  /** The refresh token was sent under this name, and the answer has not come yet. */
  readonly renewing?: string;
}

export interface JoinedFile {
  read(): Promise<Joined | undefined>;
  save(joined: Joined): Promise<void>;
}

/** @throws {YardError} precondition, from `read`: the file is damaged, or open to others */
export function openJoinedFile(directory: string): JoinedFile {
  const path = join(directory, "host.json");
  return {
    async read() {
      const text = await readPrivateFile(path);
      return text === undefined ? undefined : parse(text, path);
    },
    save: (joined) => writePrivateFile(path, `${JSON.stringify(joined)}\n`),
  };
}

function parse(text: string, path: string): Joined {
  try {
    const joined = parseObject(text);
    const yard = asObject(joined.yard, '"yard"');
    const credentials = asObject(joined.credentials, '"credentials"');
    return {
      yard: { url: textField(yard, "url"), ca: optionalTextField(yard, "ca") },
      credentials: {
        hostId: textField(credentials, "hostId"),
        token: textField(credentials, "token"),
        refreshToken: textField(credentials, "refreshToken"),
      },
      renewing: optionalTextField(joined, "renewing"),
    };
  } catch (cause) {
    throw new YardError("precondition", `${path} is damaged. Remove it, and join the yard with a new token.`, {
      cause,
    });
  }
}
