/** Paths inside of a capsule: absolute, parts divided by slashes. */

export function childPath(directory: string, name: string): string {
  return directory === "/" ? `/${name}` : `${directory}/${name}`;
}

export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The directories on the way to one, the root first. */
export function wayTo(path: string): readonly { readonly name: string; readonly path: string }[] {
  const names = path.split("/").filter((name) => name !== "");
  return [
    { name: "/", path: "/" },
    ...names.map((name, at) => ({ name, path: `/${names.slice(0, at + 1).join("/")}` })),
  ];
}

/** As somebody types it. @returns undefined for what is no absolute path */
export function typedPath(text: string): string | undefined {
  if (!text.startsWith("/")) return undefined;
  const parts: string[] = [];
  for (const part of text.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
