/** Errors of file operations inside a tree: as POSIX has them, by `errno`, and as the rest of the house has them, by `code`. */
import { YardError, type YardErrorCode } from "../platform/errors.ts";

const errors = {
  ENOENT: ["not_found", "there is no such file or directory"],
  ENOTDIR: ["conflict", "a part of the path is not a directory"],
  EISDIR: ["conflict", "it is a directory"],
  EEXIST: ["conflict", "it exists already"],
  ENOTEMPTY: ["conflict", "the directory is not empty"],
  EINVAL: ["invalid", "this cannot be done with that path"],
  ELOOP: ["invalid", "too many symbolic links"],
  ENAMETOOLONG: ["invalid", "the name or the path is too long"],
  EFBIG: ["too_large", "the file is too large to be read at once: read it in parts"],
  ENOSPC: ["too_large", "the tree would outgrow its limit"],
} as const satisfies Record<string, readonly [YardErrorCode, string]>;

export type TreeErrno = keyof typeof errors;

export class TreeError extends YardError {
  readonly errno: TreeErrno;
  /** The same in words, without the path. */
  readonly reason: string;
  /** As the caller gave it. */
  readonly path: string;

  constructor(errno: TreeErrno, path: string) {
    const [code, text] = errors[errno];
    super(code, `${errno}: ${text}: ${JSON.stringify(path.slice(0, 200))}`, { field: "path" });
    this.errno = errno;
    this.reason = text;
    this.path = path;
  }
}

export function isTreeError(error: unknown, errno?: TreeErrno): error is TreeError {
  return error instanceof TreeError && (errno === undefined || error.errno === errno);
}
