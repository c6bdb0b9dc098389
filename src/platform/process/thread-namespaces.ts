/** Which of the kernel's namespaces this thread is in. @see setns(2), namespaces(7) */
import { closeSync, openSync } from "node:fs";
import { cLibrary } from "./c-library.ts";

/** By their names in /proc. */
const kinds = { net: 0x40000000, pid: 0x20000000, uts: 0x04000000 } as const;
export type NamespaceKind = keyof typeof kinds;

type Setns = (fd: number, type: number) => unknown;
let setns: Setns | undefined;

/** Until it enters another. Of processes it is in effect for the children that it starts from now on.
 *  @param namespace a descriptor of it */
export function enterNamespace(kind: NamespaceKind, namespace: number): void {
  const library = cLibrary();
  setns ??= library.declare("int setns(int fd, int type)");
  library.check("setns", setns(namespace, kinds[kind]));
}

/** Runs `act`, which must not wait for anything, and takes this thread back to the namespace of that kind that it has come from. */
export function thenBack<T>(kind: NamespaceKind, act: () => T): T {
  const home = openSync(`/proc/thread-self/ns/${kind}`, "r");
  try {
    return act();
  } finally {
    try {
      enterNamespace(kind, home);
    } finally {
      closeSync(home);
    }
  }
}
