/** The C library of this process, through koffi, for the system calls that Node lacks. It costs some 9 MB of memory, so that nothing opens it before it is needed. */
import { createRequire } from "node:module";
import { constants } from "node:os";
import { getSystemErrorMap } from "node:util";

type Koffi = typeof import("koffi");

/** A function of the library. */
export type CFunction = ReturnType<ReturnType<Koffi["load"]>["func"]>;

export interface CLibrary {
  /** By its declaration in C. @throws an error where the library has none of that name */
  readonly declare: (declaration: string) => CFunction;
  /** A structure that declarations made later name. */
  readonly declareStructure: Koffi["struct"];
  /** The errno's name of the call that failed just now. */
  errorName(): string;
  /** What the call just made has returned. @throws an error with the errno's name as its `code`, where that is less than 0 */
  check(syscall: string, result: unknown): number;
}

let opened: CLibrary | undefined;

/** @throws an error where koffi has no build for this machine */
export function cLibrary(): CLibrary {
  opened ??= open();
  return opened;
}

function open(): CLibrary {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi;
  const library = koffi.load(null);
  const errorName = () => nameOf(koffi.errno());
  return {
    declare: (declaration) => library.func(declaration),
    declareStructure: koffi.struct,
    errorName,
    check(syscall, result) {
      const value = Number(result);
      if (value < 0) throw systemError(syscall, errorName());
      return value;
    },
  };
}

/** Makes the call on another thread, while this one goes on. The errno of what fails stays there. What it is given must live until it has resolved. */
export function aside(call: CFunction, args: readonly unknown[]): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  call.async(...args, (error: unknown, result: unknown) => (error ? reject(error) : resolve(result)));
  return promise;
}

/** An error as Node's own of system calls are. @param code an errno's name */
export function systemError(syscall: string, code: string, reason = code): Error {
  return Object.assign(new Error(`${syscall}: ${reason}`), { code, syscall });
}

/** Some are met at each look for a program in a path, and Node makes its list anew whenever it is asked for. */
const names = new Map<number, string>();

/** Those of sockets that are none of Node's own are among the constants of the operating system. */
function nameOf(errno: number): string {
  const known = names.get(errno) ?? getSystemErrorMap().get(-errno)?.[0];
  const name = known ?? Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  names.set(errno, name);
  return name;
}
